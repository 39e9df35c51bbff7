/* SPDX-License-Identifier: ISC */
/* Text from outside as the inside of a JSON string, safe to show as well. */
#ifndef CS_JSONTEXT_H
#define CS_JSONTEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONTEXT_CHAR_MAX 12 /* a surrogate pair of escapes */

/*
 * The character at p (len > 0 bytes left) as JSON text in out; *ret_used is how
 * many bytes of p it took. Returns the text's length. A byte that is not part
 * of well-formed UTF-8 (RFC 3629) becomes U+FFFD.
 */
size_t jsontext_char(const uint8_t *p, size_t len,
    char out[JSONTEXT_CHAR_MAX + 1], size_t *ret_used);
/* How many bytes at p stand in JSON text as they are. */
size_t jsontext_plain(const uint8_t *p, size_t len);
/* Decodes one character; 0 used means malformed. */
uint32_t utf8_decode(const uint8_t *p, size_t len, size_t *ret_used);
/* Controls, bidi overrides and characters without a width of their own: what a
 * terminal or a reader could be deceived with. */
bool is_deceptive_char(uint32_t c);

/* n bytes as a JSON string, with a '?' for each that is not of well-formed UTF-8,
 * or is NUL. The caller decrefs; NULL: out of memory. */
json_t *jsontext_string(const void *p, size_t n);

#endif
