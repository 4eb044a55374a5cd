// qfile-receive: the service qubes.Filecopy of a qube. Started by qrexec-agent as the qube's user.
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "qrexec/services/receive.h"

namespace {

using namespace bh;

constexpr int kUsage = 2;

int fail(int code, std::string const& message) {
  std::cerr << "qfile-receive: " << message << "\n";
  return code;
}

std::string home_of_user() {
  passwd const* const entry = ::getpwuid(::getuid());
  return entry == nullptr ? std::string() : std::string(entry->pw_dir);
}

int answer(UniqueFd input, UniqueFd const& output, qfile::TransferResult const& result) {
  // A sender that is still writing learns of the error by that.
  input.reset();
  // If it is gone there is nobody to tell; the exit code says the same.
  (void)write_all(output, qfile::encode(result)).ok();
  return static_cast<int>(result.error_code & 0xFF);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Receives files of another qube into ~/QubesIncoming/SOURCE: the qrexec service qubes.Filecopy."};
  app.footer(
      "SOURCE is $QREXEC_REMOTE_DOMAIN. The stream is read from stdin, the result (errno and checksum) goes to stdout.\n"
      "Exit code: 0 all received, else the low 8 bits of the error code; 2 wrong usage.\n"
      "Example: QREXEC_REMOTE_DOMAIN=work qfile-receive <stream >result");
  app.set_version_flag("--version", "qfile-receive " BH_VERSION);
  std::string argument;
  std::string base;
  app.add_option("ARGUMENT", argument, "the service argument: nothing, or allow-all-names");
  app.add_option("--incoming-base", base, "folder that holds QubesIncoming (default: the user's home)");
  CLI11_PARSE(app, argc, argv);

  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error value, like a full disk
  if (!argument.empty() && argument != "allow-all-names") return fail(kUsage, "unknown service argument; only allow-all-names is known");
  char const* const remote = std::getenv("QREXEC_REMOTE_DOMAIN");
  auto const source = DomainName::parse(remote == nullptr ? "" : remote);
  if (!source) return fail(kUsage, std::string("QREXEC_REMOTE_DOMAIN: ") + to_string(source.error()));
  if (base.empty()) base = home_of_user();
  if (base.empty()) return fail(kUsage, "the user has no home folder");

  UniqueFd input(STDIN_FILENO);
  UniqueFd const output(STDOUT_FILENO);
  auto folder = qfile::IncomingFolder::open(base, *source);
  if (!folder) {
    return answer(std::move(input), output, {static_cast<std::uint32_t>(folder.error().errno_value), 0, "QubesIncoming"});
  }
  qfile::DecoderLimits limits;
  limits.rules = argument.empty() ? qfile::NameRules::strict : qfile::NameRules::allow_all;
  auto const result = qfile::receive_stream(input, *folder, limits);
  return answer(std::move(input), output, result);
}
