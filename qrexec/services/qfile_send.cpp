// qfile-send: the sender of qubes.Filecopy, run by qrexec-client-vm as its local program: stream to stdout, answer from stdin.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <iostream>

#include "base/number.h"
#include "qrexec/services/send.h"

namespace {

using namespace bh;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kDialogClosed = 32;

std::string variable(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<qfile::Progress> make_progress() {
  std::string const kind = variable("PROGRESS_TYPE");
  std::uint64_t const total = parse_decimal(variable("FILECOPY_TOTAL_BYTES")).value_or(0);
  if (kind == "console") return qfile::Progress(qfile::ProgressKind::console, total, UniqueFd(::dup(STDERR_FILENO)));
  if (kind == "gui") {
    auto const fd = parse_decimal(variable("SAVED_FD_1"), 1 << 20);
    if (!fd) return Failure{Error{"PROGRESS_TYPE=gui needs SAVED_FD_1, which qrexec-client-vm sets", 0}};
    return qfile::Progress(qfile::ProgressKind::dialog, total, UniqueFd(static_cast<int>(*fd)));
  }
  if (!kind.empty() && kind != "none") return Failure{Error{"PROGRESS_TYPE must be console, gui or none", 0}};
  return qfile::Progress(qfile::ProgressKind::none, total, UniqueFd());
}

Result<void> send_all(std::vector<std::string> const& files, qfile::Sender& sender) {
  for (auto const& file : files) BH_CHECK(sender.send(file));
  return sender.finish();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Sends files and folders as a qfile stream: the local program of a call to qubes.Filecopy."};
  app.footer(
      "The stream goes to stdout, the receiver's answer is read from stdin. Environment: PROGRESS_TYPE (console, gui, none),\n"
      "FILECOPY_TOTAL_BYTES. Exit codes: 0 copied, 1 failed (the reason is on stderr), 2 wrong usage, 32 the progress dialog was closed.\n"
      "Example: qrexec-client-vm vault qubes.Filecopy /usr/lib/bulkhead/qfile-send report.pdf");
  app.set_version_flag("--version", "qfile-send " BH_VERSION);
  bool ignore_links = false;
  std::vector<std::string> files;
  app.add_flag("--ignore-symlinks", ignore_links, "send no symbolic links");
  app.add_option("FILE", files, "files and folders")->required();
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  ::signal(SIGPIPE, SIG_IGN);
  auto progress = make_progress();
  if (!progress) {
    std::cerr << "qfile-send: " << progress.error().message << "\n";
    return kUsage;
  }
  qfile::Sender sender({UniqueFd(STDOUT_FILENO), UniqueFd(STDIN_FILENO), *std::move(progress), ignore_links});
  auto const sent = send_all(files, sender);
  if (sent) return 0;
  std::cerr << "qfile-send: " << sent.error().message << "\n";
  return sent.error().errno_value == EPIPE ? kDialogClosed : kFailed;
}
