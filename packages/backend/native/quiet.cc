// TensorFlow 2.21 logs a line to standard error while its framework library is being opened, before any log level can be
// set. This addon opens the library with standard error pointed at nothing for those few milliseconds; the real addon then
// finds it already open.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static napi_value Open(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  char path[4096];
  size_t length;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (napi_get_value_string_utf8(env, argument, path, sizeof path, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "open() takes the path of a library.");
    return nullptr;
  }

  const int saved = dup(STDERR_FILENO);
  const int nothing = open("/dev/null", O_WRONLY);
  if (saved >= 0 && nothing >= 0) dup2(nothing, STDERR_FILENO);
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (saved >= 0) {
    dup2(saved, STDERR_FILENO);
    close(saved);
  }
  if (nothing >= 0) close(nothing);

  if (library == nullptr) napi_throw_error(env, nullptr, dlerror());
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value open_function;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, Open, nullptr, &open_function);
  napi_set_named_property(env, exports, "open", open_function);
  return exports;
}
