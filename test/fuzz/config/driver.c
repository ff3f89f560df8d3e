/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the target without libFuzzer: the sample requests, bent at random, the same way in every run.
 *
 *	fuzz_config [COUNT [FIRST]]
 *
 * Input number N depends on N alone, so that `fuzz_config 1 N` repeats the one that failed.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../fuzz.h"
#include "documents.h"

#define COUNT_DEFAULT 25000
#define INPUT_MAX 8192
#define BENDS_MAX 5

struct input {
	char text[INPUT_MAX];
	size_t len;
};

/* The line that says which input it was: nothing may be formatted in a signal handler. */
static char current[64];
static size_t current_len;

static void
on_fault(int sig)
{
	(void)!write(STDERR_FILENO, current, current_len);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

/* splitmix64 */
static size_t
below(uint64_t *state, size_t n)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((z ^ (z >> 31)) % n);
}

/* Puts `word` in place of `gone` bytes at `at`, if there is room. */
static void
splice(struct input *in, size_t at, size_t gone, const char *word, size_t len)
{
	if (in->len - gone + len > INPUT_MAX)
		return;
	memmove(in->text + at + len, in->text + at + gone, in->len - at - gone);
	memmove(in->text + at, word, len);
	in->len += len - gone;
}

/* The token at or behind a random place: a string, a number or word, or a sign. */
static size_t
pick_token(const struct input *in, uint64_t *state, size_t *len)
{
	size_t at = below(state, in->len), end;

	while (at < in->len && in->text[at] != '"' && strchr("{}[],:", in->text[at]) == NULL)
		at++;
	end = at < in->len ? at + 1 : at;
	if (at < in->len && in->text[at] == '"')
		while (end < in->len && in->text[end - (end > at + 1 ? 1 : 0)] != '"')
			end++;
	if (at < in->len && in->text[at] == ':')
		for (at++; end < in->len && strchr(",}]", in->text[end]) == NULL;)
			end++;
	*len = end > at ? end - at : 0;
	return at;
}

static void
bend(struct input *in, uint64_t *state)
{
	const char *word = fuzz_words[below(state, n_fuzz_words)];
	size_t len, at;

	if (in->len == 0) {
		splice(in, 0, 0, word, strlen(word));
		return;
	}
	at = pick_token(in, state, &len);
	switch (below(state, 10)) {
	case 0: /* a bit */
		at = below(state, in->len);
		in->text[at] = (char)(in->text[at] ^ (1 << below(state, 8)));
		return;
	case 1: /* cut off */
		in->len = below(state, in->len);
		return;
	case 2: /* left out */
		splice(in, at, len, "", 0);
		return;
	case 3: /* twice, or elsewhere */
		splice(in, below(state, 2) == 0 ? at : below(state, in->len), 0, in->text + at, len);
		return;
	case 4: /* added */
		splice(in, at, 0, word, strlen(word));
		return;
	default: /* another in its place */
		splice(in, at, len, word, strlen(word));
		return;
	}
}

static void
run(uint64_t number)
{
	uint64_t state = number * UINT64_C(0xd1342543de82ef95) + 1;
	const char *text = fuzz_documents[below(&state, n_fuzz_documents)];
	static struct input in;
	uint8_t *exact;
	size_t bends;

	current_len = (size_t)snprintf(current, sizeof(current), "input number %lu\n", (unsigned long)number);
	in.len = strlen(text);
	memcpy(in.text, text, in.len);
	bends = below(&state, BENDS_MAX + 1);
	while (bends-- > 0)
		bend(&in, &state);
	/* Exactly as long as it is, so that a read behind the end is seen. */
	exact = malloc(in.len + 1);
	if (exact == NULL)
		abort();
	exact[0] = (uint8_t)below(&state, 256);
	memcpy(exact + 1, in.text, in.len);
	(void)LLVMFuzzerTestOneInput(exact, in.len + 1);
	free(exact);
}

int
main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : COUNT_DEFAULT;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;

	(void)signal(SIGABRT, on_fault);
	for (uint64_t number = first; number - first < count; number++)
		run(number);
	return 0;
}
