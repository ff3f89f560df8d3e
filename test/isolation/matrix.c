#include "scenario.h"
uint32_t
scenarios_matrix(struct scenario *list)
{
	(void)list;
	return 0;
}
uint32_t
matrix_print(const struct scenario *list, const struct report *reports, uint32_t n, FILE *json)
{
	(void)list;
	(void)reports;
	(void)n;
	(void)json;
	return 0;
}
