#include "choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int is_version(const char *text) {
    size_t length = strlen(text);
    if (length == 0 || length >= VERSION_SIZE || text[0] == '.' || text[length - 1] == '.') return 0;
    for (size_t at = 0; at < length; at++) {
        int digit = text[at] >= '0' && text[at] <= '9';
        if (!digit && (text[at] != '.' || text[at + 1] == '.')) return 0;
    }
    return 1;
}

int compare_versions(const char *one, const char *other) {
    while (*one || *other) {
        char *end_one, *end_other;
        unsigned long left = strtoul(one, &end_one, 10), right = strtoul(other, &end_other, 10);
        if (left != right) return left < right ? -1 : 1;
        if (end_one == one && end_other == other) return 0; /* no numbers any more */
        one = *end_one == '.' ? end_one + 1 : end_one;
        other = *end_other == '.' ? end_other + 1 : end_other;
    }
    return 0;
}

/* What follows "name": in one line of plain JSON. */
static const char *value_of(const char *text, const char *name) {
    char wanted[40];
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = strstr(text, wanted);
    if (!found) return NULL;
    found += strlen(wanted);
    while (*found == ' ') found++;
    return found;
}

static int read_version(const char *text, const char *name, char *into) {
    const char *value = value_of(text, name);
    into[0] = 0;
    if (!value || *value != '"') return 0;
    const char *end = strchr(++value, '"');
    if (!end || end - value >= VERSION_SIZE) return 0;
    memcpy(into, value, (size_t)(end - value));
    into[end - value] = 0;
    if (is_version(into)) return 1;
    into[0] = 0;
    return 0;
}

int read_pointer(const char *text, struct pointer *pointer) {
    memset(pointer, 0, sizeof *pointer);
    if (!read_version(text, "version", pointer->version)) return 0;
    read_version(text, "before", pointer->before);
    const char *tried = value_of(text, "tried"), *good = value_of(text, "good");
    pointer->tried = tried ? atoi(tried) : 0;
    pointer->good = good && strncmp(good, "true", 4) == 0;
    return pointer->tried >= 0;
}

int put_pointer(const struct pointer *pointer, char *text, size_t size) {
    int length = snprintf(text, size, "{\"version\":\"%s\",\"before\":\"%s\",\"tried\":%d,\"good\":%s}\n", pointer->version,
                          pointer->before, pointer->tried, pointer->good ? "true" : "false");
    return length > 0 && (size_t)length < size;
}

enum choice choose(const struct pointer *pointer, const char *installed, int there, int opens) {
    if (!pointer->version[0]) return INSTALLED;
    if (installed[0] && compare_versions(pointer->version, installed) <= 0) return INSTALLED; /* a newer installer came */
    if (!there) return BEFORE;
    if (pointer->tried >= (pointer->good ? TRIES_GOOD : TRIES_NEW)) return BEFORE;
    if (!opens && !pointer->good) return BEFORE; /* only a window proves a version; until then verbs use the one before */
    return POINTED;
}
