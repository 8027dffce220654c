/* SPDX-License-Identifier: GPL-2.0 */
/* What the runtime gives: the environment and the network configuration. */
#ifndef VNET_CNI_CONF_H
#define VNET_CNI_CONF_H

#include "cni.h"

/* Versions of the specification, oldest first. */
#define CNI_VERSION_OLD		"0.4.0"
#define CNI_VERSION_1_0		"1.0.0"
#define CNI_VERSION_NEWEST	"1.1.0"

/**
 * conf_read_json() - read a JSON object from stdin
 * @cni: the call; @json is set
 *
 * Return: whether there was one; if not, with cni_fail().
 */
bool conf_read_json(struct cni *cni);

/**
 * conf_read() - read the network configuration from stdin, and its version
 * @cni: the call; @json, @version and @network are set
 *
 * Return: whether that worked; if not, with cni_fail().
 */
bool conf_read(struct cni *cni);

/**
 * conf_env() - read what the environment says of the container
 * @cni: the call
 * @netns: CNI_NETNS must be there, too
 *
 * Return: whether all is there and sound; if not, with cni_fail().
 */
bool conf_env(struct cni *cni, bool netns);

/**
 * conf_options() - read the options of the configuration
 * @cni: the call, after conf_read() and, where there is a container, conf_env()
 *
 * Return: whether they are sound; if not, with cni_fail().
 */
bool conf_options(struct cni *cni);

/**
 * conf_is_old() - does the call speak a version before 1.0?
 * @cni: the call
 *
 * Return: whether it does: addresses in a result bear their family then.
 */
bool conf_is_old(const struct cni *cni);

/**
 * conf_print_versions() - answer VERSION
 */
void conf_print_versions(void);

/**
 * conf_get() - a member of a JSON object, by its path
 * @json: the object, may be NULL
 * @path: names with a slash between them
 *
 * Return: the member, NULL if there is none or it is null.
 */
struct json_object *conf_get(struct json_object *json, const char *path);

/**
 * conf_string() - a member that is a string
 * @json: the object, may be NULL
 * @path: as for conf_get()
 *
 * Return: the string, NULL if there is none.
 */
const char *conf_string(struct json_object *json, const char *path);

#endif
