/* SPDX-License-Identifier: BSD-3-Clause */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"

static volatile sig_atomic_t stop;
static bool taken, keys; /* the terminal is taken; its keyboard is read */
static struct termios saved;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

void
screen_begin(bool live)
{
	/* No SA_RESTART: poll() is to return. */
	struct sigaction action = {.sa_handler = on_signal};
	struct termios raw;

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	taken = live;
	if (!live)
		return;
	keys = tcgetattr(STDIN_FILENO, &saved) == 0;
	if (keys) {
		raw = saved;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VSUSP] = _POSIX_VDISABLE;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	(void)fputs("\033[?1049h\033[?25l", stdout);
	(void)fflush(stdout);
}

void
screen_end(void)
{
	if (!taken)
		return;
	(void)fputs("\033[?25h\033[?1049l", stdout);
	(void)fflush(stdout);
	if (keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	taken = false;
}

bool
screen_size(size_t *width, size_t *height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
		return false;
	*width = size.ws_col;
	*height = size.ws_row;
	return true;
}

void
screen_draw(const char *frame)
{
	/* Line by line over the old frame, each cleared to its end: nothing flickers. */
	(void)fputs("\033[H", stdout);
	for (const char *end; (end = strchr(frame, '\n')) != NULL; frame = end + 1)
		(void)printf("%.*s\033[K\r\n", (int)(end - frame), frame);
	(void)fputs("\033[J", stdout);
	(void)fflush(stdout);
}

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

bool
screen_wait(double seconds)
{
	double end = now() + seconds, left = seconds;
	struct pollfd keyboard = {.fd = taken && keys ? STDIN_FILENO : -1, .events = POLLIN};
	char key;

	while (!stop && left > 0) {
		if (poll(&keyboard, 1, (int)(left * 1000) + 1) > 0) {
			if (read(STDIN_FILENO, &key, 1) <= 0)
				keyboard.fd = -1;
			else if (key == 'q' || key == 'Q')
				stop = 1;
		}
		left = end - now();
	}
	return !stop;
}
