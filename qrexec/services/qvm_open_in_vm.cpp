// qvm-open-in-vm, qvm-open-in-dvm: opens a file or a URL in another qube; a file that was changed there comes back.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

#include "base/child_process.h"
#include "base/paths.h"
#include "base/temp_dir.h"
#include "qrexec/services/copy_bytes.h"
#include "qrexec/services/copy_command.h"
#include "qrexec/services/open_request.h"

namespace {

using namespace bh;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kRefused = 126;
constexpr int kNoService = 127;
constexpr ByteCount kMostOut = mebibytes(1 << 24);

struct Arguments {
  std::string target = "@dispvm";
  std::string what;
  bool view_only = false;
};

std::string client_program() {
  auto const beside = own_program_folder() / "qrexec-client-vm";
  return ::access(beside.c_str(), X_OK) == 0 ? beside.string() : "qrexec-client-vm";
}

// A call to the other qube with a pipe each way.
struct Call {
  ChildProcess process;
  UniqueFd to;
  UniqueFd from;
  Result<int> end() {
    for (;;) {
      BH_TRY(status, process.wait(Clock::now() + std::chrono::hours(1)));
      if (status) return status->code;
    }
  }
};

Result<Call> call(std::string const& target, std::string const& service) {
  BH_TRY(in, make_pipe());
  BH_TRY(out, make_pipe());
  UniqueFd const errors(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  // What the service says on stderr is another qube's text, and goes to a terminal.
  SpawnOptions options{.argv = {client_program(), "--filter-escape-chars-stderr", target, service}, .fds = {{&in.first, 0}, {&out.second, 1}, {&errors, 2}}};
  BH_TRY(process, ChildProcess::spawn(options));
  return Call{std::move(process), std::move(in.second), std::move(out.first)};
}

// Opening from within an opened file could go on for ever, one disposable from the next.
bool consents(std::string const& question) {
  if (::isatty(STDIN_FILENO) != 1) return false;
  std::cerr << question << " [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<int> open_url(Arguments const& arguments) {
  auto const url = open::parse_url(Untrusted<std::string_view>(arguments.what));
  if (!url) return Failure{Error{to_string(url.error()), EINVAL}};
  BH_TRY(made, call(arguments.target, "qubes.OpenURL"));
  BH_CHECK(write_all(made.to, as_bytes(*url + "\n")));
  made.to.reset();
  // Its output means nothing; it is read so that the service does not wait for us.
  UniqueFd const nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  BH_CHECK(open::copy_bytes(made.from, nowhere, kMostOut));
  return made.end();
}

// The answer, beside the original so that it takes its place in one step; if its folder cannot be written to, somewhere else.
struct Answer {
  std::filesystem::path path;
  UniqueFd file;
};

Result<Answer> place_for_answer(std::filesystem::path const& original, std::optional<std::filesystem::path> const& elsewhere) {
  std::string pattern = (elsewhere ? *elsewhere / original.filename() : original).string() + ".XXXXXX";
  UniqueFd file(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!file.open()) return Failure{Error::from_errno("write " + pattern)};
  return Answer{pattern, std::move(file)};
}

Result<void> take_its_place(Answer const& answer, std::filesystem::path const& original, bool beside, mode_t mode) {
  if (!beside) {
    std::cerr << "The folder of " << original.string() << " cannot be written to; the changed copy is " << answer.path.string() << "\n";
    return {};
  }
  if (::fchmod(answer.file.borrow(), mode & 0777) != 0 || ::fsync(answer.file.borrow()) != 0) return Failure{Error::from_errno("finish the changed copy " + answer.path.string())};
  if (::rename(answer.path.c_str(), original.c_str()) != 0) return Failure{Error::from_errno("replace " + original.string() + "; the changed copy is " + answer.path.string())};
  return {};
}

Result<int> open_file_there(Arguments const& arguments) {
  std::filesystem::path const original = arguments.what;
  BH_TRY(file, open_file(original, O_RDONLY));
  struct stat facts {};
  if (::fstat(file.borrow(), &facts) != 0) return Failure{Error::from_errno("look at " + original.string())};
  if (!S_ISREG(facts.st_mode)) return Failure{Error{original.string() + " is not a regular file; copy folders with qvm-copy", EINVAL}};
  auto answer = place_for_answer(original, std::nullopt);
  bool const beside = answer.ok();
  if (!beside) answer = place_for_answer(original, std::filesystem::temp_directory_path());
  if (!answer) return Failure{std::move(answer).error()};
  auto const give_up = [&](Error error) -> Result<int> {
    ::unlink(answer->path.c_str());
    return Failure{std::move(error)};
  };
  auto made = call(arguments.target, "qubes.OpenInVM");
  if (!made) return give_up(std::move(made).error());
  auto sent = write_all(made->to, open::encode_name(original.filename().string(), arguments.view_only));
  if (sent) {
    auto const copied = open::copy_bytes(file, made->to, kMostOut);
    if (!copied) sent = Failure{copied.error()};
  }
  made->to.reset();
  auto const received = open::copy_bytes(made->from, answer->file, kMostOut);
  auto const code = made->end();
  if (!code) return give_up(code.error());
  // Its own words have been on stderr.
  if (*code != 0 || !received || received->value() == 0 || arguments.view_only) {
    ::unlink(answer->path.c_str());
    if (*code == 0 && !sent) return Failure{sent.error()};
    if (*code == 0 && !received) return Failure{received.error()};
    return *code;
  }
  BH_CHECK(take_its_place(*answer, original, beside, facts.st_mode));
  return 0;
}

int run(Arguments const& arguments) {
  if (!qfile::valid_target(arguments.target)) {
    std::cerr << "'" << arguments.target << "' is not a qube's name\n";
    return kUsage;
  }
  std::error_code error;
  bool const url = !std::filesystem::exists(arguments.what, error) && open::looks_like_url(arguments.what);
  char const* const service = std::getenv("QREXEC_SERVICE_FULL_NAME");
  bool const nested = service != nullptr && std::string_view(service).starts_with("qubes.Open");
  if (nested && arguments.target.starts_with("@dispvm") && !consents("Open it in yet another disposable?")) {
    std::cerr << "This qube was itself started to open something; nothing is opened from here in a disposable without your consent.\n";
    return kFailed;
  }
  auto const code = url ? open_url(arguments) : open_file_there(arguments);
  if (!code) {
    std::cerr << code.error().message << "\n";
    return kFailed;
  }
  if (*code == kRefused) std::cerr << "dom0's policy does not let this qube open " << (url ? "URLs" : "files") << " there, or the user said no.\n";
  if (*code == kNoService) std::cerr << "That qube has no service for it; is its template up to date?\n";
  return *code;
}

}  // namespace

int main(int argc, char** argv) {
  bool const to_disposable = std::filesystem::path(argv[0]).filename() == "qvm-open-in-dvm";
  std::string const name = to_disposable ? "qvm-open-in-dvm" : "qvm-open-in-vm";
  Arguments arguments;
  CLI::App app{to_disposable ? "Opens a file or a URL in a fresh disposable." : "Opens a file or a URL in another qube.", name};
  app.footer("A file that was changed and saved there replaces the one here once it is closed there; with --view-only it never does. dom0's policy decides whether it may be.\n"
             "Exit codes: 0 done, 1 failed, 2 wrong usage, 126 refused, others: the other qube's service failed.\n"
             "Example: " + name + (to_disposable ? "" : " untrusted") + " --view-only attachment.pdf");
  app.set_version_flag("--version", name + " " BH_VERSION);
  if (!to_disposable) app.add_option("QUBE", arguments.target, "where to open it")->required();
  app.add_option("WHAT", arguments.what, "a file, or an http, https or ftp URL")->required();
  app.add_flag("--view-only", arguments.view_only, "do not take changes back");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return run(arguments);
}
