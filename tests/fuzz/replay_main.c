/* Runs a fuzz target over every file of the files and folders given: what fuzzing found stays
 * found, in every build. Options of libFuzzer (-runs=0) are taken and ignored. At least one file
 * has to be there. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t files_run;

static void file_run(const char *path)
{
  FILE *file = fopen(path, "rb");
  struct stat stat_of;
  if (file == NULL || fstat(fileno(file), &stat_of) != 0) {
    perror(path);
    exit(1);
  }
  size_t size = (size_t)stat_of.st_size;
  /* exactly as long as the input, so that a read behind it is seen */
  uint8_t *data = malloc(size == 0 ? 1 : size);
  if (data == NULL || fread(data, 1, size, file) != size) {
    perror(path);
    exit(1);
  }
  (void)LLVMFuzzerTestOneInput(data, size);
  files_run++;
  free(data);
  fclose(file);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_run(const char *path)
{
  char *names[4096];
  size_t count = 0;
  DIR *folder = opendir(path);
  if (folder == NULL) {
    perror(path);
    exit(1);
  }
  for (const struct dirent *entry = readdir(folder); entry != NULL && count < 4096;
       entry = readdir(folder)) {
    if (entry->d_name[0] != '.') {
      names[count++] = strdup(entry->d_name);
    }
  }
  closedir(folder);
  qsort(names, count, sizeof(names[0]), by_name);
  for (size_t i = 0; i < count; i++) {
    char full[PATH_MAX];
    snprintf(full, sizeof(full), "%s/%s", path, names[i]);
    file_run(full);
    free(names[i]);
  }
}

int main(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    struct stat stat_of;
    if (argv[i][0] == '-') {
      continue;
    }
    if (stat(argv[i], &stat_of) == 0 && S_ISDIR(stat_of.st_mode)) {
      folder_run(argv[i]);
    } else {
      file_run(argv[i]);
    }
  }
  printf("%zu inputs\n", files_run);
  return files_run == 0;
}
