#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/book_load.h"
#include "tools/cmd_tariff.h"
#include "tools/store_dir.h"

static const struct sp_verb_help compile_help = {
    "suanpan tariff compile DIR OUT", "  suanpan tariff compile book book.img\n",
    "Checks a book and writes it as one immutable file with its content hash, which all verbs read "
    "in place of the "
    "directory and use as it lies."};

/* Whoever reads sees the old file or the new one. */
static bool image_write(const struct sp_loaded_book *loaded, const char *path)
{
  struct stat there;
  if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) { /* never in the place of a device */
    errno = S_ISDIR(there.st_mode) ? EISDIR : EINVAL;
    return false;
  }
  return sp_file_write(path, loaded->image, loaded->bytes) == SP_OK;
}

int sp_cmd_tariff_compile(int argc, char **argv)
{
  struct sp_option_list paths = {{NULL}, 0};
  int code = sp_options_read(&compile_help, NULL, 0, argc, argv, &paths);
  if (code >= 0) {
    return code;
  }
  if (paths.count != 2) {
    return sp_usage_error(&compile_help, "expected a book and the file to write");
  }
  struct sp_loaded_book loaded;
  code = sp_tariff_load(&loaded, paths.values[0]);
  if (code != SP_EXIT_DONE) {
    return code;
  }
  if (image_write(&loaded, paths.values[1])) {
    for (size_t i = 0; i < sizeof(loaded.book.header->hash); i++) {
      printf("%02x", loaded.book.header->hash[i]);
    }
    printf("  %s\n", paths.values[1]);
  } else {
    fprintf(stderr, "suanpan: %s: cannot be written: %s\n", paths.values[1], strerror(errno));
    code = SP_EXIT_ENVIRONMENT;
  }
  sp_book_unload(&loaded);
  return code;
}
