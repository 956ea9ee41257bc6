/* From the paths a person gives to the files of a source: folders opened, names made absolute. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ingest/source_paths.h"

#define SETTLED_S 2 /* longer than any file system's tick */

static bool ends_with(const char *name, size_t length, const char *ending)
{
  size_t n = strlen(ending);
  return length > n && memcmp(name + length - n, ending, n) == 0;
}

static bool usage_file(const char *name)
{
  static const char *const endings[] = {".csv", ".json", ".jsonl", ".ndjson"};
  size_t length = strlen(name);
  length -= ends_with(name, length, ".zst") ? strlen(".zst") : 0;
  for (size_t i = 0; name[0] != '.' && i < sizeof(endings) / sizeof(endings[0]); i++) {
    if (ends_with(name, length, endings[i])) {
      return true;
    }
  }
  return false;
}

struct sp__folder {
  char *path;           /* absolute, without links */
  struct timespec seen; /* its time of change when it was last looked into */
  bool settled;         /* that was so long ago that nothing more can have come in the same tick */
};

static bool name_known(const struct sp_source *source, const struct sp__paths *paths,
                       const char *name)
{
  uint32_t at = 0, place, hash = sp_name_hash(name, strlen(name));
  do {
    place = sp_name_index_next(&paths->names, hash, &at);
  } while (place != SP_NAME_NONE && strcmp(source->streams[place].stream.name, name) != 0);
  return place != SP_NAME_NONE;
}

/* A stream of this name, once. */
static enum sp_status name_add(struct sp_source *source, struct sp__paths *paths, const char *name)
{
  uint32_t index;
  if (name_known(source, paths, name)) {
    return SP_OK;
  }
  SP_TRY(sp__source_stream_add(source, name, &index));
  enum sp_status status = sp_name_index_add(&paths->names, sp_name_hash(name, strlen(name)), index);
  return status == SP_OK ? SP_OK
                         : sp__source_fail(source, status, "out of memory for the list of files");
}

/* One file by its absolute name without links. */
static enum sp_status file_add(struct sp_source *source, struct sp__paths *paths, const char *path)
{
  char name[PATH_MAX];
  if (realpath(path, name) == NULL || access(name, R_OK) != 0) {
    return sp__source_fail(source, errno == ENOENT ? SP_NOT_FOUND : SP_IO, "%s: %s", path,
                           strerror(errno));
  }
  return name_add(source, paths, name);
}

static int name_compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(char **names, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    free(names[i]);
  }
  free(names);
}

/* The usage files of a folder, in the order of the system. */
static enum sp_status folder_names(DIR *folder, char ***names, size_t *count)
{
  size_t size = 0;
  const struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    if (!usage_file(entry->d_name)) {
      continue;
    }
    if (*count == size) {
      size = size * 2 + 64;
      char **grown = realloc(*names, size * sizeof(*grown));
      if (grown == NULL) {
        return SP_NO_MEMORY;
      }
      *names = grown;
    }
    (*names)[*count] = strdup(entry->d_name);
    if ((*names)[*count] == NULL) {
      return SP_NO_MEMORY;
    }
    ++*count;
  }
  return SP_OK;
}

/* One of a folder's files; `again`: the folder is looked into again. */
static enum sp_status folder_file_add(struct sp_source *source, struct sp__paths *paths,
                                      const char *file, bool again)
{
  struct stat about;
  if (again && name_known(source, paths, file)) {
    return SP_OK;
  }
  if (stat(file, &about) == 0 && !S_ISREG(about.st_mode)) {
    return SP_OK;
  }
  enum sp_status status = file_add(source, paths, file);
  return again && status == SP_NOT_FOUND ? SP_OK : status;
}

static enum sp_status folder_files_add(struct sp_source *source, struct sp__paths *paths,
                                       const struct sp__folder *folder, bool again)
{
  char file[PATH_MAX];
  char **names = NULL;
  size_t count = 0;
  DIR *entries = opendir(folder->path);
  if (entries == NULL) {
    return sp__source_fail(source, SP_IO, "%s: %s", folder->path, strerror(errno));
  }
  enum sp_status status = folder_names(entries, &names, &count);
  (void)closedir(entries); /* read only */
  if (count > 0) {
    qsort(names, count, sizeof(*names), name_compare);
  }
  for (size_t i = 0; i < count && status == SP_OK; i++) {
    int n = snprintf(file, sizeof(file), "%s/%s", folder->path, names[i]);
    status = n < 0 || (size_t)n >= sizeof(file)
                 ? sp__source_fail(source, SP_LIMIT, "%s: the path is too long", folder->path)
                 : folder_file_add(source, paths, file, again);
  }
  names_free(names, count);
  return status;
}

/* Whether something may have come since the folder was last looked into. */
static bool folder_changed(struct sp__folder *folder)
{
  struct stat about;
  struct timespec now;
  if (stat(folder->path, &about) != 0) {
    return true; /* opening it says what is wrong */
  }
  bool same =
      about.st_mtim.tv_sec == folder->seen.tv_sec && about.st_mtim.tv_nsec == folder->seen.tv_nsec;
  bool changed = !same || !folder->settled;
  clock_gettime(CLOCK_REALTIME, &now);
  folder->seen = about.st_mtim;
  folder->settled = now.tv_sec - about.st_mtim.tv_sec > SETTLED_S;
  return changed;
}

static enum sp_status folder_add(struct sp_source *source, struct sp__paths *paths,
                                 const char *path)
{
  char name[PATH_MAX];
  if (realpath(path, name) == NULL) {
    return sp__source_fail(source, SP_IO, "%s: %s", path, strerror(errno));
  }
  struct sp__folder *grown =
      realloc(paths->folders, (paths->folders_count + 1) * sizeof(*paths->folders));
  char *copy = strdup(name);
  if (grown == NULL || copy == NULL) {
    paths->folders = grown == NULL ? paths->folders : grown;
    free(copy);
    return sp__source_fail(source, SP_NO_MEMORY, "out of memory for the list of files");
  }
  paths->folders = grown;
  struct sp__folder *folder = &grown[paths->folders_count++];
  *folder = (struct sp__folder){.path = copy};
  (void)folder_changed(folder);
  return folder_files_add(source, paths, folder, false);
}

enum sp_status sp__paths_add(struct sp_source *source, struct sp__paths *paths, const char *path)
{
  struct stat about;
  if (strcmp(path, "-") == 0) {
    return name_add(source, paths, SP__STDIN_NAME);
  }
  if (stat(path, &about) != 0) {
    return sp__source_fail(source, errno == ENOENT ? SP_NOT_FOUND : SP_IO, "%s: %s", path,
                           strerror(errno));
  }
  return S_ISDIR(about.st_mode) ? folder_add(source, paths, path) : file_add(source, paths, path);
}

enum sp_status sp__paths_look(struct sp_source *source, struct sp__paths *paths)
{
  for (uint32_t i = 0; i < paths->folders_count; i++) {
    if (folder_changed(&paths->folders[i])) {
      SP_TRY(folder_files_add(source, paths, &paths->folders[i], true));
    }
  }
  return SP_OK;
}

void sp__paths_free(struct sp__paths *paths)
{
  for (uint32_t i = 0; i < paths->folders_count; i++) {
    free(paths->folders[i].path);
  }
  free(paths->folders);
  sp_name_index_free(&paths->names);
  *paths = (struct sp__paths){.folders = NULL};
}
