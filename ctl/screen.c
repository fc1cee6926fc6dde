/*
 * screen: lines for people, put together piece by piece and broken where the
 * terminal ends.
 */
#include "ctl/screen.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/wrap.h"

FILE *
screen_line(struct screen *s)
{
	s->line = open_memstream(&s->text, &s->size);
	if (s->line == NULL)
		err(EX_OSERR, "no memory for a line");
	return s->line;
}

void
screen_end(struct screen *s, unsigned indent)
{
	fclose(s->line);
	s->line = NULL;
	wrap_print(s->to, s->text, indent, s->look->width);
	free(s->text);
	s->text = NULL;
}

void
screen_say(struct screen *s, unsigned indent, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(screen_line(s), format, ap);
	va_end(ap);
	screen_end(s, indent);
}
