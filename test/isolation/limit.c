#include "scenario.h"
uint32_t
scenarios_limit(struct scenario *list)
{
	(void)list;
	return 0;
}
