/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criterion/criterion.h"

static struct stand_in_test *tests;

void
stand_in_add(struct stand_in_test *test)
{
	test->next = tests;
	tests = test;
}

void
stand_in_fail(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(1);
}

static const struct stand_in_options *
suite_options(const char *suite)
{
	static const struct stand_in_options none;

	for (const struct stand_in_test *test = tests; test != NULL; test = test->next)
		if (test->run == NULL && strcmp(test->suite, suite) == 0)
			return &test->options;
	return &none;
}

static void
call(void (*function)(void))
{
	if (function != NULL)
		function();
}

/* In a process of its own. A report of the sanitizer makes its exit status 66. */
static bool
passes(const struct stand_in_test *test)
{
	const struct stand_in_options *suite = suite_options(test->suite);
	int status = 1;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		call(suite->init);
		call(test->options.init);
		test->run();
		call(test->options.fini);
		call(suite->fini);
		exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int
main(void)
{
	unsigned int n = 0, failed = 0;

	for (const struct stand_in_test *test = tests; test != NULL; test = test->next) {
		bool good;

		if (test->run == NULL)
			continue;
		good = passes(test);
		failed += good ? 0 : 1;
		(void)printf("%s %u - %s::%s\n", good ? "ok" : "not ok", ++n, test->suite, test->name);
	}
	(void)printf("1..%u\n", n);
	return failed == 0 ? 0 : 1;
}
