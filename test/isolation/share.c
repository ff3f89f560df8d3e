#include "scenario.h"
uint32_t
scenarios_share(struct scenario *list)
{
	(void)list;
	return 0;
}
