// SPDX-License-Identifier: GPL-2.0-only
#include "bisect_state.h"

#include <stdlib.h>
#include <string.h>

#include "jsonio.h"
#include "progress.h"
#include "util.h"

int bisect_state_save(const char *path, const char *question,
		      const struct bisect_points *p, const struct bisect *b,
		      const struct bisect_time *t, json_t *result)
{
	json_t *j = json_pack("{s:i, s:s, s:f, s:i, s:o?}", "schema", BISECT_SCHEMA,
			      "question", question, "seconds", t->seconds, "runs",
			      (int)t->runs, "result", result ? result : json_null());
	json_t *points = json_array();
	int ret;

	for (size_t i = 0; i < b->n; i++) {
		const struct bisect_point *v = &b->v[i];

		json_array_append_new(points, json_pack(
			"{s:s, s:o, s:i, s:i, s:i, s:b}", "id", p->ids.v[i],
			"name", progress_text(p->names.v[i]), "good",
			(int)v->good, "bad", (int)v->bad, "lost", (int)v->lost,
			"broken", (int)v->broken));
	}
	json_object_set_new(j, "points", points);
	ret = jsonio_write(j, path, JSON_INDENT(1)) ? ST_HARNESS : ST_OK;
	json_decref(j);
	return ret;
}

static int load_point(const json_t *j, const char *id, bool again,
		      struct bisect_point *v)
{
	int good, bad, lost, broken;
	const char *there;

	if (json_unpack((json_t *)j, "{s:s, s:i, s:i, s:i, s:b}", "id", &there, "good",
			&good, "bad", &bad, "lost", &lost, "broken", &broken) ||
	    strcmp(there, id) || good < 0 || bad < 0 || lost < 0)
		return -1;
	*v = (struct bisect_point){
		.good = (unsigned int)good, .bad = (unsigned int)bad,
		.lost = again ? 0 : (unsigned int)lost, .broken = broken && !again,
	};
	return 0;
}

static int take(const json_t *j, const struct bisect_points *p, bool again,
		struct bisect *b, struct bisect_time *t)
{
	int schema, runs;
	json_t *points;

	if (json_unpack((json_t *)j, "{s:i, s:F, s:i, s:o}", "schema", &schema,
			"seconds", &t->seconds, "runs", &runs, "points", &points) ||
	    schema != BISECT_SCHEMA || runs < 0 || json_array_size(points) != b->n)
		return -1;
	t->runs = (unsigned int)runs;
	for (size_t i = 0; i < b->n; i++)
		if (load_point(json_array_get(points, i), p->ids.v[i], again, &b->v[i]))
			return -1;
	return 0;
}

int bisect_state_load(const char *path, const struct bisect_points *p, bool again,
		      struct bisect *b, struct bisect_time *t)
{
	json_t *j;
	int ret = ST_OK;

	if (!path_exists(path))
		return ST_OK;
	j = json_load_file(path, 0, NULL);
	if (!j || take(j, p, again, b, t)) {
		err("%s is damaged: remove it to begin anew", path);
		ret = ST_USAGE;
	}
	json_decref(j);
	return ret;
}
