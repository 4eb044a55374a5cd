// qrexec-policy-admin: dom0's policy.* services (policy.md 9). It is called by the name of the service, or with it as first word.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/display_text.h"
#include "base/paths.h"
#include "base/posix_io.h"
#include "qrexec/policy/policy_store.h"

namespace {

using namespace bh;
using namespace bh::policy;

constexpr char kHelp[] =
    R"(Reads and changes dom0's policy files for a caller that policy let through.

usage: SERVICE [ARGUMENT]                      called by a link of that name in dom0's folder of services
       qrexec-policy-admin SERVICE [ARGUMENT]
       qrexec-policy-admin --make-links FOLDER

services: policy.List policy.Get policy.Replace policy.Remove policy.GetFiles policy.RegisterArgument
          policy.include.List policy.include.Get policy.include.Replace policy.include.Remove
The payload is read from standard input: for Replace a line any, new or sha256:... and then the content.

examples:
  qrexec-policy-admin policy.Get 30-user
  printf 'any\nqubes.Filecopy * work vault ask\n' | qrexec-policy-admin policy.Replace 30-user
exit status: 0 done; 1 refused, 'ExceptionName message' on standard error; 2 wrong usage or a broken system
)";

constexpr std::array kServices{"policy.List",         "policy.Get",         "policy.Replace",         "policy.Remove",
                               "policy.GetFiles",     "policy.RegisterArgument", "policy.include.List", "policy.include.Get",
                               "policy.include.Replace", "policy.include.Remove"};

Result<std::string, StoreError> read_payload(std::size_t cap) {
  UniqueFd in(::dup(0));
  std::string text;
  std::array<std::byte, 65536> chunk;
  for (;;) {
    auto const count = read_some(in, chunk);
    if (!count) return Failure{StoreError{StoreErrorKind::general, count.error().message}};
    if (*count == 0) return text;
    if (text.size() + *count > cap) return Failure{StoreError{StoreErrorKind::protocol, "the payload is too long"}};
    text += as_text(std::span(chunk).first(*count));
  }
}

Result<void, StoreError> no_payload() {
  auto const text = read_payload(1);
  if (text && text->empty()) return {};
  return Failure{StoreError{StoreErrorKind::protocol, "this service takes no payload"}};
}

Result<std::string, StoreError> lines(Result<std::vector<std::string>, StoreError> const& names) {
  if (!names) return Failure{names.error()};
  std::string text;
  for (std::string const& name : *names) text += name + "\n";
  return text;
}

Result<std::string, StoreError> replace(PolicyStore const& store, StoredName const& name) {
  BH_TRY(payload, read_payload(kMaxFileSize + 256));
  std::size_t const end = payload.find('\n');
  if (end == std::string::npos) return Failure{StoreError{StoreErrorKind::protocol, "the payload must begin with a token line"}};
  BH_CHECK(store.replace(name, std::string_view(payload).substr(0, end), payload.substr(end + 1)));
  return std::string();
}

// GUARD: source and target of a registration are what qrexec says, never what the caller writes.
Result<std::string, StoreError> register_argument(PolicyStore const& store, std::string const& service) {
  char const* const backend = std::getenv("QREXEC_REMOTE_DOMAIN");
  char const* const frontend = std::getenv("QREXEC_REQUESTED_TARGET");
  if (backend == nullptr || frontend == nullptr) {
    return Failure{StoreError{StoreErrorKind::protocol, "source and requested target must be qubes"}};
  }
  BH_TRY(argument, read_payload(65));
  BH_CHECK(store.register_argument(service, argument, frontend, backend));
  return std::string();
}

Result<std::string, StoreError> serve(PolicyStore const& store, std::string service, std::string const& argument) {
  if (service == "policy.GetFiles") {
    BH_CHECK(no_payload());
    return lines(store.files_of(argument));
  }
  if (service == "policy.RegisterArgument") return register_argument(store, argument);
  bool const include = service.starts_with("policy.include.");
  std::string const verb = service.substr(include ? 15 : 7);
  if (verb == "List") {
    BH_CHECK(no_payload());
    if (!argument.empty()) return Failure{StoreError{StoreErrorKind::protocol, "List takes no argument"}};
    return lines(store.list(include));
  }
  BH_TRY(name, StoredName::parse(include, argument));
  if (verb == "Replace") return replace(store, name);
  if (verb == "Remove") {
    BH_TRY(token, read_payload(256));
    BH_CHECK(store.remove(name, token));
    return std::string();
  }
  BH_CHECK(no_payload());
  BH_TRY(content, store.get(name));
  return content.token + "\n" + content.text;
}

int make_links(std::filesystem::path const& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  auto const program = own_program_folder() / "qrexec-policy-admin";
  for (char const* service : kServices) {
    std::error_code there;
    if (std::filesystem::is_symlink(folder / service, there)) std::filesystem::remove(folder / service, there);
    std::filesystem::create_symlink(program, folder / service, failed);
    if (failed) {
      std::cerr << "qrexec-policy-admin: cannot make the link " << (folder / service).string() << ": " << failed.message() << "\n";
      return 2;
    }
  }
  return 0;
}

int usage(std::string const& message) {
  std::cerr << "qrexec-policy-admin: " << for_display(message) << "\nTry --help.\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  std::string const called = std::filesystem::path(words.empty() ? std::string() : words[0]).filename().string();
  if (words.size() > 1 && called == "qrexec-policy-admin") {
    if (words[1] == "--help" || words[1] == "-h") return std::cout << kHelp, 0;
    if (words[1] == "--version") return std::cout << "qrexec-policy-admin (Bulkhead) " BH_VERSION "\n", 0;
    if (words[1] == "--make-links") return words.size() == 3 ? make_links(words[2]) : usage("--make-links needs a FOLDER");
    words.erase(words.begin());
  } else if (!words.empty()) {
    words[0] = called;
  }
  bool const known = !words.empty() && std::find(kServices.begin(), kServices.end(), words[0]) != kServices.end();
  if (!known || words.size() > 2) return usage("a service of policy.* and perhaps its argument are needed");
  Paths const paths = Paths::from_environment();
  PolicyFolders where{{}, (paths.dom0_services() / "policy").string()};
  for (auto const& folder : paths.policy_dirs()) where.folders.push_back(folder.string());
  DiskPolicyFiles const files;
  auto const answer = serve(PolicyStore(files, where), words[0], words.size() == 2 ? words[1] : std::string());
  if (answer) {
    std::cout << *answer << std::flush;
    return std::cout.good() ? 0 : 2;
  }
  std::cerr << exception_name(answer.error().kind) << " " << for_display(answer.error().message) << "\n";
  return 1;
}
