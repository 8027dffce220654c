// SPDX-License-Identifier: GPL-2.0
/* All counters of the suite's devices at one moment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "drvstats.h"
#include "kinds.h"
#include "samples.h"

static bool sample_copy_driver(struct sample *sample,
			       const struct drvstats *drv)
{
	sample->names = calloc(drv->count + 1, sizeof(*sample->names));
	sample->values = calloc(drv->count + 1, sizeof(*sample->values));
	if (!sample->names || !sample->values) {
		complain("out of memory");
		return false;
	}
	for (size_t i = 0; i < drv->count; i++) {
		memcpy(sample->names[i], drvstats_name(drv, i),
		       ETH_GSTRING_LEN);
		sample->values[i] = drv->value[i];
	}
	sample->count = drv->count;
	sample->has_driver = true;
	return true;
}

static int samples_add(struct samples *samples, struct drvstats *drv,
		       const struct link_row *row)
{
	struct sample *sample = &samples->row[samples->count];
	int err;

	err = drvstats_read(drv, row->name);
	if (err == -ENODEV)
		return CMD_DONE;
	*sample = (struct sample){ .ifindex = row->ifindex };
	memcpy(sample->name, row->name, sizeof(sample->name));
	memcpy(sample->kind, row->kind, sizeof(sample->kind));
	sample->link = row->stats;
	samples->count++;
	if (!err)
		return sample_copy_driver(sample, drv) ? CMD_DONE : CMD_REFUSED;
	if (err == -EOPNOTSUPP)
		return CMD_DONE;
	complain("cannot read the driver's counters of %s: %s", row->name,
		 strerror(-err));
	return CMD_REFUSED;
}

static double samples_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int samples_add_all(struct samples *samples, const struct links *links,
			   const char *name)
{
	const struct link_row *one = NULL;
	int status = CMD_DONE;
	struct drvstats drv;

	if (name) {
		one = links_find(links, name, NULL);
		if (!one)
			return CMD_USAGE;
	}
	samples->row = calloc(links->count + 1, sizeof(*samples->row));
	if (!samples->row) {
		complain("out of memory");
		return CMD_REFUSED;
	}
	if (!drvstats_open(&drv))
		return CMD_REFUSED;
	for (size_t i = 0; i < links->count; i++) {
		const struct link_row *row = &links->row[i];

		if (one ? row != one : !kind_is_ours(row->kind))
			continue;
		if (samples_add(samples, &drv, row) != CMD_DONE)
			status = CMD_REFUSED;
	}
	drvstats_close(&drv);
	return status;
}

int samples_read(struct samples *samples, struct vnl *nl, const char *name)
{
	struct links links = { 0 };
	int status = CMD_REFUSED;

	samples->when = samples_clock();
	if (links_read(&links, nl, true))
		status = samples_add_all(samples, &links, name);
	links_free(&links);
	return status;
}

void samples_free(struct samples *samples)
{
	for (size_t i = 0; i < samples->count; i++) {
		free(samples->row[i].names);
		free(samples->row[i].values);
	}
	free(samples->row);
	*samples = (struct samples){ 0 };
}

static int sample_compare(const void *a, const void *b)
{
	const struct sample *x = a;
	const struct sample *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

const struct sample *samples_find(const struct samples *samples, int ifindex)
{
	const struct sample key = { .ifindex = ifindex };

	if (!samples->count)
		return NULL;
	return bsearch(&key, samples->row, samples->count,
		       sizeof(*samples->row), sample_compare);
}

static uint64_t sample_less(uint64_t now, uint64_t before)
{
	return now < before ? now : now - before;
}

/* The value of a counter, most likely in the place it had. */
static uint64_t sample_value(const struct sample *sample, const char *name,
			     size_t place)
{
	if (place < sample->count && !strcmp(sample->names[place], name))
		return sample->values[place];
	for (size_t i = 0; i < sample->count; i++) {
		if (strcmp(sample->names[i], name) == 0)
			return sample->values[i];
	}
	return 0;
}

static void sample_since(struct sample *now, const struct sample *before)
{
	if (!before)
		return;
#define SAMPLE_LESS(field) \
	(now->link.field = sample_less(now->link.field, before->link.field))
	SAMPLE_LESS(rx_packets);
	SAMPLE_LESS(rx_bytes);
	SAMPLE_LESS(rx_errors);
	SAMPLE_LESS(rx_dropped);
	SAMPLE_LESS(tx_packets);
	SAMPLE_LESS(tx_bytes);
	SAMPLE_LESS(tx_errors);
	SAMPLE_LESS(tx_dropped);
#undef SAMPLE_LESS
	for (size_t i = 0; i < now->count; i++)
		now->values[i] = sample_less(now->values[i],
					     sample_value(before, now->names[i],
							  i));
}

static bool sample_copy(struct sample *to, const struct sample *from)
{
	*to = *from;
	to->names = calloc(from->count + 1, sizeof(*to->names));
	to->values = calloc(from->count + 1, sizeof(*to->values));
	if (!to->names || !to->values)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		memcpy(to->names[i], from->names[i], sizeof(to->names[i]));
		to->values[i] = from->values[i];
	}
	return true;
}

bool samples_since(struct samples *since, const struct samples *before,
		   const struct samples *now)
{
	bool ok;

	*since = (struct samples){ .when = now->when };
	since->row = calloc(now->count + 1, sizeof(*since->row));
	ok = since->row;
	for (size_t i = 0; ok && i < now->count; i++) {
		ok = sample_copy(&since->row[since->count++], &now->row[i]);
		if (ok)
			sample_since(&since->row[i],
				     samples_find(before, now->row[i].ifindex));
	}
	if (!ok)
		complain("out of memory");
	return ok;
}
