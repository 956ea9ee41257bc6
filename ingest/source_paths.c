/* From the paths a person gives to the files of a source: folders opened, names made absolute. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/source_paths.h"

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

/* One file: its absolute name without links, once. */
static enum sp_status file_add(struct sp_source *source, const char *path)
{
  char name[PATH_MAX];
  uint32_t index;
  if (realpath(path, name) == NULL || access(name, R_OK) != 0) {
    return sp__source_fail(source, errno == ENOENT ? SP_NOT_FOUND : SP_IO, "%s: %s", path,
                           strerror(errno));
  }
  for (uint32_t i = 0; i < source->streams_count; i++) {
    if (strcmp(source->streams[i].stream.name, name) == 0) {
      return SP_OK;
    }
  }
  return sp__source_stream_add(source, name, &index);
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

static enum sp_status folder_add(struct sp_source *source, const char *path)
{
  char file[PATH_MAX];
  char **names = NULL;
  size_t count = 0;
  DIR *folder = opendir(path);
  if (folder == NULL) {
    return sp__source_fail(source, SP_IO, "%s: %s", path, strerror(errno));
  }
  enum sp_status status = folder_names(folder, &names, &count);
  (void)closedir(folder); /* read only */
  if (count > 0) {
    qsort(names, count, sizeof(*names), name_compare);
  }
  for (size_t i = 0; i < count && status == SP_OK; i++) {
    struct stat about;
    int n = snprintf(file, sizeof(file), "%s/%s", path, names[i]);
    if (n < 0 || (size_t)n >= sizeof(file)) {
      status = sp__source_fail(source, SP_LIMIT, "%s: the path is too long", path);
    } else if (stat(file, &about) != 0 || S_ISREG(about.st_mode)) {
      status = file_add(source, file);
    }
  }
  names_free(names, count);
  return status;
}

enum sp_status sp__path_add(struct sp_source *source, const char *path)
{
  struct stat about;
  uint32_t index;
  if (strcmp(path, "-") == 0) {
    return sp__source_stream_add(source, SP__STDIN_NAME, &index);
  }
  if (stat(path, &about) != 0) {
    return sp__source_fail(source, errno == ENOENT ? SP_NOT_FOUND : SP_IO, "%s: %s", path,
                           strerror(errno));
  }
  return S_ISDIR(about.st_mode) ? folder_add(source, path) : file_add(source, path);
}
