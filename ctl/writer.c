/*
 * writer: hands what a verb has to the kind of output that was asked for.
 */
#include "ctl/writer.h"

#include <stdarg.h>
#include <stdlib.h>

#include "daemon/core/alloc.h"

void
writer_free(struct writer *w)
{
	free(w);
}

void
writer_list_begin(struct writer *w, const struct column *columns, size_t n)
{
	w->type->list_begin(w, columns, n);
}

void
writer_row(struct writer *w, const msgpack_object *row)
{
	w->type->row(w, row);
}

void
writer_list_end(struct writer *w)
{
	w->type->list_end(w);
}

void
writer_record(struct writer *w, const struct column *fields, size_t n,
    const msgpack_object *o)
{
	w->type->record(w, fields, n, o);
}

void
writer_note(struct writer *w, const msgpack_object *o, const char *format, ...)
{
	va_list ap;
	char *text;
	int n;

	if (w->quiet)
		return;
	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n == -1)
		return;
	w->type->note(w, o, text);
	free(text);
}
