/* Which version is started. Plain C without a system, so that it is tried on any machine (tests/installer). */
#ifndef CHOOSE_H
#define CHOOSE_H

#include <stddef.h>

enum { VERSION_SIZE = 32, TRIES_NEW = 2, TRIES_GOOD = 3, POINTER_SIZE = 512 };

/* current.json, as sync/updates/pointer.py writes it. */
struct pointer {
    char version[VERSION_SIZE], before[VERSION_SIZE];
    int tried, good;
};

enum choice { INSTALLED, POINTED, BEFORE };

int is_version(const char *text);                            /* digits and single dots */
int compare_versions(const char *one, const char *other);    /* < 0, 0, > 0: as numbers, "1.10" after "1.9" */
int read_pointer(const char *text, struct pointer *pointer); /* 0: it cannot be used */
int put_pointer(const struct pointer *pointer, char *text, size_t size);

/* installed: the newest version of the installer, "" where there is none. there: the pointed version lies on the disk.
   opens: this start opens the window, and so may prove a new version. */
enum choice choose(const struct pointer *pointer, const char *installed, int there, int opens);

#endif
