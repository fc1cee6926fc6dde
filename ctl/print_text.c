/*
 * print_text: the writer of text for people.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/table.h"
#include "ctl/time_text.h"
#include "ctl/writer.h"
#include "daemon/core/alloc.h"

struct listing {
	const struct column *columns;
	size_t n;
	struct table *table;
};

static char *
cell_of(const struct writer *w, const struct column *c, const msgpack_object *o)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return xstrdup("");
	c->write(to, o, c->key, &w->look);
	fclose(to);
	return text;
}

static void
text_begin(struct writer *w, const struct column *columns, size_t n)
{
	struct listing *listing = xcalloc(1, sizeof(*listing));
	size_t i;

	listing->columns = columns;
	listing->n = n;
	listing->table = table_new(n, w->look.width);
	for (i = 0; i < n; i++) {
		table_column(
		    listing->table, i, columns[i].right, columns[i].shrink);
		table_add(listing->table, xstrdup(columns[i].title));
	}
	w->listing = listing;
}

static void
text_row(struct writer *w, const msgpack_object *o)
{
	size_t i;

	for (i = 0; i < w->listing->n; i++)
		table_add(
		    w->listing->table, cell_of(w, &w->listing->columns[i], o));
}

static void
text_end(struct writer *w)
{
	if (!w->quiet)
		table_print(w->listing->table, w->to);
	table_free(w->listing->table);
	free(w->listing);
	w->listing = NULL;
}

static void
text_record(struct writer *w, const struct column *fields, size_t n,
    const msgpack_object *o)
{
	struct table *table = table_new(2, w->look.width);
	size_t i;
	char *text;

	table_column(table, 1, false, !w->look.exact);
	for (i = 0; i < n; i++) {
		text = cell_of(w, &fields[i], o);
		if (*text == '\0') {
			free(text);
			continue;
		}
		table_add(table, xstrdup(fields[i].title));
		table_add(table, text);
	}
	if (!w->quiet)
		table_print(table, w->to);
	table_free(table);
}

static void
text_note(struct writer *w, const msgpack_object *o, const char *text)
{
	(void)o;
	fprintf(w->to, "%s\n", text);
	fflush(w->to);
}

static const struct writer_type text_type = {
    text_begin, text_row, text_end, text_record, text_note};

struct writer *
writer_text(FILE *to)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	w->type = &text_type;
	w->to = to;
	w->look.now = time_now();
	w->look.signs = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!isatty(fileno(to)))
		return w;
	w->look.colour = (no_colour == NULL || *no_colour == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0;
	if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0)
		w->look.width = size.ws_col;
	return w;
}
