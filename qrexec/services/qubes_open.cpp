// qubes-open: the services qubes.OpenInVM (a file comes in, its changed copy goes back) and qubes.OpenURL.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "base/temp_dir.h"
#include "hypervisor/vchan/domain.h"
#include "qrexec/services/copy_bytes.h"
#include "qrexec/services/open_request.h"
#include "qrexec/services/open_with_desktop.h"

namespace {

using namespace bh;

constexpr char kHelp[] = R"(Usage: qubes-open file|url

The services qubes.OpenInVM and qubes.OpenURL of a qube; qrexec-agent starts it.
file  reads a 256-byte name field and a file from stdin, opens it with the desktop's opener (xdg-open), and when nobody works on it any
      more writes the whole new file to stdout if it was changed (never if the name begins with view-only-)
url   reads one line from stdin, an http, https or ftp URL, and opens it
Exit codes: 0 done, 1 failed, 2 wrong usage.

Example: printf 'https://www.debian.org\n' | qubes-open url
)";

// What fits into memory-backed /tmp is less anyway; the kernel says so in time.
constexpr ByteCount kMostIn = mebibytes(16384);

int fail(std::string const& message) {
  std::cerr << "qubes-open: " << message << "\n";
  return 1;
}

// What tells a changed file from the one that was sent: an editor may also put a new file in its place.
struct State {
  ino_t inode;
  off_t size;
  timespec modified;
  bool operator==(State const& other) const {
    return inode == other.inode && size == other.size && modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
  }
};

Result<State> state_of(UniqueFd const& file) {
  struct stat facts {};
  if (::fstat(file.borrow(), &facts) != 0) return Failure{Error::from_errno("look at the file")};
  if (!S_ISREG(facts.st_mode)) return Failure{Error{"there is no regular file in its place any more", 0}};
  return State{facts.st_ino, facts.st_size, facts.st_mtim};
}

Result<UniqueFd> standard(int number) {
  UniqueFd copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!copy.open()) return Failure{Error::from_errno("use descriptor " + std::to_string(number))};
  return copy;
}

// The folder's name tells the user, in the title of many a program, whose file this is.
std::string prefix() {
  char const* const source = std::getenv("QREXEC_REMOTE_DOMAIN");
  auto const name = source == nullptr ? Failure{NameError{}} : DomainName::parse(source);
  return name ? name->text() : "unknown";
}

Result<void> open_file_of_another() {
  BH_TRY(input, standard(STDIN_FILENO));
  std::array<std::byte, open::kNameField> field{};
  BH_CHECK(read_exact(input, field));
  auto const request = open::decode_name(Untrusted<ByteSpan>(ByteSpan(field)));
  if (!request) return Failure{Error{to_string(request.error()), EINVAL}};
  BH_TRY(folder, TempDir::create(prefix()));
  auto const path = folder.path() / request->name;
  {
    BH_TRY(file, open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, request->view_only ? 0400 : 0600));
    BH_CHECK(open::copy_bytes(input, file, kMostIn));
  }
  BH_TRY(before_file, open_file(path, O_RDONLY | O_NOFOLLOW));
  BH_TRY(before, state_of(before_file));
  BH_CHECK(open::open_with_desktop(path.string()));
  if (request->view_only) return {};
  BH_TRY(after_file, open_file(path, O_RDONLY | O_NOFOLLOW));
  BH_TRY(after, state_of(after_file));
  if (before == after) return {};
  BH_TRY(output, standard(STDOUT_FILENO));
  BH_CHECK(open::copy_bytes(after_file, output, kMostIn));
  return {};
}

Result<void> open_url_of_another() {
  std::string line(open::kMaxUrl + 2, '\0');
  BH_TRY(input, standard(STDIN_FILENO));
  std::size_t length = 0;
  while (length < line.size() && line.find('\n') == std::string::npos) {
    BH_TRY(count, read_some(input, std::as_writable_bytes(std::span(line).subspan(length))));
    if (count == 0) break;
    length += count;
  }
  auto const url = open::parse_url(Untrusted<std::string_view>(std::string_view(line).substr(0, length)));
  if (!url) return Failure{Error{to_string(url.error()), EINVAL}};
  return open::open_with_desktop(*url);
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const what = argc == 2 ? argv[1] : "";
  if (what == "--help") {
    std::cout << kHelp;
    return 0;
  }
  if (what == "--version") {
    std::cout << "qubes-open " BH_VERSION "\n";
    return 0;
  }
  if (what != "file" && what != "url") {
    std::cerr << "qubes-open: say file or url; see --help\n";
    return 2;
  }
  // A caller that has gone must not keep us from removing its file.
  std::signal(SIGPIPE, SIG_IGN);
  auto const done = what == "file" ? open_file_of_another() : open_url_of_another();
  return done ? 0 : fail(done.error().message);
}
