/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "args.h"
#include "weir_base.h"

static struct args args;

/* Reads "a b c" as a command line behind the program's name. */
static enum args_result
parse(const char *line)
{
	static char copy[1024];
	static char program[] = "weir";
	static char *argv[64];
	int argc = 1;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = program;
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	args_free(&args);
	return args_read(argc, argv, &args);
}

/* EAL's arguments in one line. */
static const char *
eal(void)
{
	static char line[1024];
	size_t len = 0;

	for (int i = 0; i < args.eal_argc; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", i > 0 ? " " : "", args.eal_argv[i]);
	return line;
}

TestSuite(args, .init = cr_redirect_stdout);

Test(args, defaults)
{
	cr_assert_eq(parse(""), ARGS_RUN);
	cr_assert_str_eq(eal(), "weir --file-prefix weir");
	cr_assert_str_eq(args.prefix, "weir");
	cr_assert_str_eq(args.state, "/var/lib/weir");
	cr_assert_null(args.config);
	cr_assert_not(args.reset);
	cr_assert_eq(args.mbufs, 65536);
	cr_assert_eq(args.mbuf_size, 2048);
	cr_assert_null(args.eal_argv[args.eal_argc], "as argv ends");
}

Test(args, both_parts)
{
	cr_assert_eq(
	    parse("-l 0,1 --no-huge -- --config /a --state=/b --reset --mbufs 4096 --mbuf-size 9216"), ARGS_RUN);
	cr_assert_str_eq(eal(), "weir --file-prefix weir -l 0,1 --no-huge");
	cr_assert_str_eq(args.config, "/a");
	cr_assert_str_eq(args.state, "/b");
	cr_assert(args.reset);
	cr_assert_eq(args.mbufs, 4096);
	cr_assert_eq(args.mbuf_size, 9216);
	cr_assert_eq(parse("-- --mbufs 1024"), ARGS_RUN, "again, from the start");
	cr_assert_eq(args.mbufs, 1024);
	cr_assert_null(args.config);
}

Test(args, a_prefix_of_its_own)
{
	static const char *const forms[] = {
	    "--file-prefix x -l 0", "--file-prefix=x -l 0", "-l 0 --file-p=x", "--fi x"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(forms); i++) {
		cr_assert_eq(parse(forms[i]), ARGS_RUN);
		cr_assert_str_eq(args.prefix, "x", "%s", forms[i]);
		cr_assert_str_eq(eal() + strlen("weir "), forms[i], "nothing added");
	}
	cr_assert_eq(parse("--force-max-simd-bitwidth 256"), ARGS_RUN);
	cr_assert_str_eq(args.prefix, "weir");
	cr_assert_eq(parse("--file-prefix"), ARGS_RUN, "EAL will say what is wrong");
	cr_assert_eq(parse("-l 0 -- --state /b --config --file-prefix=x"), ARGS_RUN);
	cr_assert_str_eq(args.prefix, "weir", "not an option of EAL");
}

Test(args, wrong, .init = cr_redirect_stderr)
{
	static const char *const lines[] = {"-- --bogus", "-- word", "-- --mbufs", "-- --mbufs 0", "-- --mbufs 1023",
	    "-- --mbufs -1", "-- --mbufs 4096x", "-- --mbufs 0x1000", "-- --mbufs 99999999999999999999",
	    "-- --mbuf-size 1023", "-- --mbuf-size 32769", "-- --reset=yes", "-- -- x"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(lines); i++)
		cr_assert_eq(parse(lines[i]), ARGS_WRONG, "%s", lines[i]);
}

Test(args, asked_only)
{
	cr_assert_eq(parse("-- --help"), ARGS_DONE);
	cr_assert_eq(parse("-- --version"), ARGS_DONE);
	cr_assert_eq(parse("--version"), ARGS_DONE);
	cr_assert_eq(parse("--help"), ARGS_RUN, "EAL's, which then asks for ours too");
}
