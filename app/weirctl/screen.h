/* SPDX-License-Identifier: BSD-3-Clause */
/* A terminal taken over for a live table, and given back as it was, on signals too. One at a time. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * `live`: takes standard output's terminal (alternate screen, no echo); else nothing happens but that signals end the
 * waiting. SIGINT, SIGTERM and SIGHUP from here on make screen_wait() return false.
 */
void screen_begin(bool live);
void screen_end(void);

/* Columns and lines of the terminal; false: unknown, nothing stored. */
bool screen_size(size_t *width, size_t *height);

/* Shows a frame in place of the one before. */
void screen_draw(const char *frame);

/* Waits; false at once when 'q' was typed or a signal came. */
bool screen_wait(double seconds);

#endif
