/* Starts the newest good version of Sổ Phường and ends with its exit code.

   It lies beside app\<version>\ of the installation; versions that came as updates lie in %LOCALAPPDATA%\SoPhuong\versions,
   where current.json says which one is next (choose.c; docs/operating.md, "Updates"). The same source makes sophuong.exe,
   without a console, and sophuong-cli.exe: each starts the program of its own name. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "choose.h"

enum { LONGEST = 32768, ROUNDS = 4, PLAIN_PATH = 240 };

static wchar_t root[LONGEST], versions[LONGEST], self[LONGEST];
static const wchar_t *program; /* file name of the launcher, and of what it starts */

/* A path as functions take it: longer ones need the prefix that switches MAX_PATH off. The caller frees it. */
static wchar_t *openable(const wchar_t *path) {
    size_t length = wcslen(path);
    wchar_t *made = malloc((length + 16) * sizeof *made);
    if (!made) exit(1);
    if (length < PLAIN_PATH || wcsncmp(path, L"\\\\?\\", 4) == 0) wcscpy(made, path);
    else if (wcsncmp(path, L"\\\\", 2) == 0) swprintf(made, length + 16, L"\\\\?\\UNC\\%ls", path + 2);
    else swprintf(made, length + 16, L"\\\\?\\%ls", path);
    return made;
}

static int is_file(const wchar_t *path) {
    wchar_t *open = openable(path);
    DWORD about = GetFileAttributesW(open);
    free(open);
    return about != INVALID_FILE_ATTRIBUTES && !(about & FILE_ATTRIBUTE_DIRECTORY);
}

/* <folder>\<version>\<program>; 0 when there is none. */
static int program_of(const wchar_t *folder, const char *version, wchar_t *path) {
    if (!version[0]) return 0;
    swprintf(path, LONGEST, L"%ls\\%hs\\%ls", folder, version, program);
    return is_file(path);
}

/* The newest version of the installation. */
static void find_installed(const wchar_t *app, char *newest) {
    static wchar_t pattern[LONGEST], path[LONGEST];
    newest[0] = 0;
    swprintf(pattern, LONGEST, L"%ls\\*", app);
    wchar_t *open = openable(pattern);
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(open, &found);
    free(open);
    if (search == INVALID_HANDLE_VALUE) return;
    do {
        char name[VERSION_SIZE];
        if (!WideCharToMultiByte(CP_UTF8, 0, found.cFileName, -1, name, sizeof name, NULL, NULL)) continue;
        if (is_version(name) && (!newest[0] || compare_versions(name, newest) > 0) && program_of(app, name, path))
            strcpy(newest, name);
    } while (FindNextFileW(search, &found));
    FindClose(search);
}

static void read_current(struct pointer *pointer) {
    static wchar_t path[LONGEST];
    char text[POINTER_SIZE + 1];
    DWORD length = 0;
    memset(pointer, 0, sizeof *pointer);
    swprintf(path, LONGEST, L"%ls\\current.json", versions);
    wchar_t *open = openable(path);
    HANDLE file = CreateFileW(open, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    free(open);
    if (file == INVALID_HANDLE_VALUE) return;
    if (ReadFile(file, text, POINTER_SIZE, &length, NULL)) {
        text[length] = 0;
        if (!read_pointer(text, pointer)) memset(pointer, 0, sizeof *pointer);
    }
    CloseHandle(file);
}

/* Whole or not at all. Where it cannot be written the start goes on: a full disk must not keep anybody from work. */
static void write_current(const struct pointer *pointer) {
    static wchar_t path[LONGEST], beside[LONGEST];
    char text[POINTER_SIZE];
    DWORD written = 0;
    if (!put_pointer(pointer, text, sizeof text)) return;
    swprintf(path, LONGEST, L"%ls\\current.json", versions);
    swprintf(beside, LONGEST, L"%ls\\.current.json.%lu", versions, GetCurrentProcessId());
    wchar_t *open = openable(path), *open_beside = openable(beside);
    HANDLE file = CreateFileW(open_beside, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        int whole = WriteFile(file, text, (DWORD)strlen(text), &written, NULL) && written == strlen(text);
        whole = whole && FlushFileBuffers(file);
        CloseHandle(file);
        if (!whole || !MoveFileExW(open_beside, open, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
            DeleteFileW(open_beside);
    }
    free(open);
    free(open_beside);
}

/* What follows the launcher's own name in the command line, as it was typed. */
static const wchar_t *arguments_in(const wchar_t *line) {
    int quoted = 0;
    for (; *line && (quoted || (*line != L' ' && *line != L'\t')); line++)
        if (*line == L'"') quoted = !quoted;
    while (*line == L' ' || *line == L'\t') line++;
    return line;
}

/* Whether the start opens the window: no verb, or "open". What says only whose profile it is opens it too; --background does
   not, it begins verbs. */
static int opens_window(const wchar_t *arguments) {
    static const wchar_t *const ways[] = {L"open", L"--profile", NULL};
    if (!arguments[0]) return 1;
    for (int way = 0; ways[way]; way++) {
        size_t length = wcslen(ways[way]);
        if (wcsncmp(arguments, ways[way], length)) continue;
        wchar_t next = arguments[length];
        if (next && next != L' ' && !(next == L'=' && way == 1)) continue;
        if (way != 1) return 1;
        const wchar_t *rest = arguments_in(arguments + length + (next == L' ' || next == L'='));
        return rest[0] == 0; /* --profile FOLDER and no verb after it */
    }
    return 0;
}

static BOOL WINAPI leave_to_child(DWORD event) {
    (void)event;
    return TRUE; /* Ctrl+C is the program's; we wait for what it answers */
}

/* Runs a program to its end. 0: it could not be started. */
static int run(const wchar_t *path, const wchar_t *arguments, DWORD *code) {
    static wchar_t line[LONGEST];
    STARTUPINFOW how;
    PROCESS_INFORMATION started;
    GetStartupInfoW(&how); /* minimised where the shortcut says so, and the console's handles */
    how.lpReserved = NULL;
    how.cbReserved2 = 0;
    how.lpReserved2 = NULL;
    if (swprintf(line, LONGEST, L"\"%ls\"%ls%ls", path, arguments[0] ? L" " : L"", arguments) < 0) return 0;
    wchar_t *open = openable(path);
    BOOL begun = CreateProcessW(open, line, NULL, NULL, TRUE, 0, NULL, NULL, &how, &started);
    free(open);
    if (!begun) return 0;
    AllowSetForegroundWindow(started.dwProcessId);
    CloseHandle(started.hThread);
    WaitForSingleObject(started.hProcess, INFINITE);
    GetExitCodeProcess(started.hProcess, code);
    CloseHandle(started.hProcess);
    return 1;
}

static int nothing_to_start(void) {
    static wchar_t text[LONGEST];
    swprintf(text, LONGEST,
             L"Không thấy chương trình Sổ Phường trong %ls\\app. Dữ liệu vẫn còn nguyên: cài lại bằng bộ cài.\n\n"
             L"Sổ Phường is not in %ls\\app. Your data is safe: run the installer again.",
             root, root);
#ifdef CONSOLE
    static char plain[4 * LONGEST];
    WideCharToMultiByte(CP_UTF8, 0, text, -1, plain, sizeof plain, NULL, NULL);
    fprintf(stderr, "%s\n", plain);
#else
    MessageBoxW(NULL, text, L"Sổ Phường", MB_OK | MB_ICONERROR);
#endif
    return 1;
}

static int find_places(void) {
    DWORD length = GetModuleFileNameW(NULL, self, LONGEST);
    if (!length || length >= LONGEST) return 0;
    wcscpy(root, self);
    wchar_t *last = wcsrchr(root, L'\\');
    if (!last) return 0;
    *last = 0;
    program = self + (last - root) + 1;
    length = GetEnvironmentVariableW(L"LOCALAPPDATA", versions, LONGEST - 32);
    if (!length || length >= LONGEST - 32) {
        length = GetEnvironmentVariableW(L"USERPROFILE", versions, LONGEST - 64);
        if (!length || length >= LONGEST - 64) return 0;
        wcscat(versions, L"\\AppData\\Local");
    }
    wcscat(versions, L"\\SoPhuong\\versions");
    SetEnvironmentVariableW(L"SOPHUONG_LAUNCHER", self);
    return 1;
}

static int launch(void) {
    static wchar_t app[LONGEST], path[LONGEST];
    const wchar_t *arguments = arguments_in(GetCommandLineW());
    int opens = opens_window(arguments);
    DWORD code = 1;
    if (!find_places()) return 1;
    SetConsoleCtrlHandler(leave_to_child, TRUE);
    swprintf(app, LONGEST, L"%ls\\app", root);
    for (int round = 0; round < ROUNDS; round++) {
        struct pointer pointer;
        char installed[VERSION_SIZE];
        find_installed(app, installed);
        read_current(&pointer);
        enum choice choice = choose(&pointer, installed, program_of(versions, pointer.version, path), opens);
        if (choice == POINTED) {
            if (opens) {
                pointer.tried++;
                write_current(&pointer);
            }
            program_of(versions, pointer.version, path);
            if (run(path, arguments, &code)) {
                if (!opens || pointer.good || code == 0) return (int)code;
                struct pointer now;
                read_current(&now);
                if (now.good || strcmp(now.version, pointer.version)) return (int)code;
                continue; /* it ended before it came up: once more, then the one before */
            }
        }
        int found = choice != INSTALLED && (program_of(versions, pointer.before, path) || program_of(app, pointer.before, path));
        if (found && run(path, arguments, &code)) return (int)code;
        if (program_of(app, installed, path) && run(path, arguments, &code)) return (int)code;
        if (choice == INSTALLED && program_of(versions, pointer.version, path) && run(path, arguments, &code)) return (int)code;
        return nothing_to_start();
    }
    return (int)code;
}

#ifdef CONSOLE
int wmain(void) { return launch(); }
#else
int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, PWSTR arguments, int show) {
    (void)instance, (void)before, (void)arguments, (void)show;
    return launch();
}
#endif
