/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading members of incoming JSON, with an error that names the one at fault. For the files jws*.c alone.
 *
 * Every function that returns bool says false after it has filled the place's error; the first error stands.
 */
#ifndef WARD_CORE_JWS_PRIVATE_H
#define WARD_CORE_JWS_PRIVATE_H

#include <jansson.h>

#include "core/jws.h"

/* An object, and where it stands: path "payload.body" makes "payload.body.through" of its member "through". */
struct ward_jws_place {
    json_t *object;
    const char *path; /* "" for the outermost */
    struct ward_jws_error *error;
};

/* Fills the error with the path of the member (name may be NULL) and the text; returns the refusal. */
enum ward_jws_refusal ward_jws_refuse(const struct ward_jws_place *place, enum ward_jws_refusal refusal,
                                      const char *name, const char *text);

/* Size, depth, RFC 8259 without duplicate members, an object. Returns NULL after it has filled the error. */
json_t *ward_jws_load(const char *text, size_t length, const char *path, struct ward_jws_error *error);

void ward_jws_unload(json_t **object);
#define WARD_JWS_LOADED __attribute__((cleanup(ward_jws_unload))) json_t *

/* The member, which must be there and of that type; NULL otherwise. Borrowed from the object. */
json_t *ward_jws_member(const struct ward_jws_place *place, const char *name, json_type type);

bool ward_jws_member_id(const struct ward_jws_place *place, const char *name, struct ward_id *ret);
bool ward_jws_member_id_if(const struct ward_jws_place *place, const char *name, struct ward_id *ret);
bool ward_jws_member_uint(const struct ward_jws_place *place, const char *name, uint64_t least,
                          uint64_t *ret);
bool ward_jws_member_utc(const struct ward_jws_place *place, const char *name, int64_t *ret);
bool ward_jws_member_hex(const struct ward_jws_place *place, const char *name, uint8_t *ret, size_t count);
/* Unchanged when it is absent. */
bool ward_jws_member_bool_if(const struct ward_jws_place *place, const char *name, bool *ret);
bool ward_jws_member_is(const struct ward_jws_place *place, const char *name, const char *wanted);

/* The same for values that are not a named member. */
bool ward_jws_uint(const json_t *value, uint64_t least, uint64_t most, uint64_t *ret);
bool ward_jws_hex(const json_t *value, uint8_t *ret, size_t count);

/* Bodies, by type: what stands in "payload.body". jws_body.c, jws_command.c */
bool ward_jws_read_receipt(const struct ward_jws_place *body, const char *gateway, struct ward_receipt *ret);
bool ward_jws_read_command(const struct ward_jws_place *body, struct ward_command *ret);

/* Bodies of commands, by what they are about. jws_binding.c, jws_technical.c, jws_key.c */
typedef bool ward_jws_read_body(const struct ward_jws_place *body, struct ward_command *ret);
ward_jws_read_body ward_jws_read_bind, ward_jws_read_unbind, ward_jws_read_swap;
ward_jws_read_body ward_jws_read_ask, ward_jws_read_identify, ward_jws_read_restart;
ward_jws_read_body ward_jws_read_add_key, ward_jws_read_revoke_key;

#endif
