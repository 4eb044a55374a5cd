// qrexec-policy-agent: asks the person at a terminal what the policy wants asked, one question after the other.
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <variant>

#include "base/display_text.h"
#include "base/log.h"
#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "qrexec/policy/daemon/places.h"
#include "qrexec/policy/prompt/prompt_text.h"

namespace {

using namespace bh;
using namespace bh::policy;
using namespace std::chrono_literals;

constexpr auto kMessageTime = 10s;
constexpr auto kAnswerTime = 220s;      // less than the policy daemon waits
constexpr auto kTypeAheadTime = 1000ms;  // what is typed into a question that just appeared was meant for something else

constexpr char kHelp[] =
    R"(Asks at this terminal what the qrexec policy wants asked; whatever is not a clear yes is a no.

usage: qrexec-policy-agent [-s SOCKET] [--stdio]

  -s, --socket-path PATH   where qrexec-policy-daemon connects (default: policy-agent.sock in the run folder)
      --stdio              ask on standard input and output instead of the terminal
  --help, --version

example: qrexec-policy-agent        in a terminal of dom0, as long as questions are to be answered
exit status: 0 ended by a signal or the end of input, 1 cannot serve, 2 wrong usage
)";

struct Options {
  std::filesystem::path socket;
  bool stdio = false;
};

std::variant<Options, int> parse(int argc, char** argv, Paths const& paths) {
  enum : int { kStdio = 1000 };
  static constexpr option kLong[] = {{"socket-path", required_argument, nullptr, 's'},
                                     {"stdio", no_argument, nullptr, kStdio},
                                     {"help", no_argument, nullptr, 'h'},
                                     {"version", no_argument, nullptr, 'V'},
                                     {nullptr, 0, nullptr, 0}};
  Options options{prompt_socket(paths)};
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+s:h", kLong, nullptr)) != -1;) {
    switch (letter) {
      case 's': options.socket = ::optarg; break;
      case kStdio: options.stdio = true; break;
      case 'h': std::fputs(kHelp, stdout); return 0;
      case 'V': std::puts("qrexec-policy-agent (Bulkhead) " BH_VERSION); return 0;
      default: std::fputs("qrexec-policy-agent: unknown option or missing value\nTry --help.\n", stderr); return 2;
    }
  }
  return options;
}

struct Terminal {
  UniqueFd in;
  UniqueFd out;
};

Result<Terminal> open_terminal(Options const& options) {
  if (options.stdio) return Terminal{UniqueFd(::dup(0)), UniqueFd(::dup(1))};
  BH_TRY(in, open_file("/dev/tty", O_RDWR | O_NOCTTY));
  BH_TRY(out, in.duplicate());
  return Terminal{std::move(in), std::move(out)};
}

Result<std::string> read_message(UniqueFd const& peer) {
  Deadline const deadline = Clock::now() + kMessageTime;
  std::string text;
  std::array<std::byte, 16384> chunk;
  for (;;) {
    BH_TRY(ready, wait_for(peer, POLLIN, deadline));
    if (!ready) return Failure{Error{"the question does not end", ETIMEDOUT}};
    BH_TRY(count, read_some(peer, chunk));
    if (count == 0) return text;
    if (text.size() + count > kMaxPromptMessage) return Failure{Error{"the question is too long", EFBIG}};
    text += as_text(std::span(chunk).first(count));
  }
}

enum class Waited { input, peer_left, time, input_ended };

// One line of input; the question goes when its asker goes.
Waited read_line(Terminal const& terminal, UniqueFd const& peer, Deadline deadline, std::string& line) {
  for (;;) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Waited::time;
    pollfd polled[2] = {{terminal.in.borrow(), POLLIN, 0}, {peer.borrow(), 0, 0}};
    if (::poll(polled, 2, static_cast<int>(left)) < 0 && errno != EINTR) return Waited::time;
    if ((polled[1].revents & (POLLHUP | POLLERR)) != 0) return Waited::peer_left;
    if (polled[0].revents == 0) continue;
    std::byte one{};
    auto const count = read_some(terminal.in, std::span(&one, 1));
    if (!count || *count == 0) return Waited::input_ended;
    if (one == std::byte{'\n'}) return Waited::input;
    // A line this long is no answer; its rest is dropped.
    if (line.size() < 1024) line += static_cast<char>(one);
  }
}

Waited drop_type_ahead(Terminal const& terminal, UniqueFd const& peer) {
  Deadline const end = Clock::now() + kTypeAheadTime;
  for (;;) {
    std::string dropped;
    Waited const waited = read_line(terminal, peer, end, dropped);
    if (waited == Waited::input) continue;
    ::tcflush(terminal.in.borrow(), TCIFLUSH);
    return waited;
  }
}

void say(Terminal const& terminal, std::string const& text) {
  if (auto const said = write_all(terminal.out, as_bytes(text)); !said) log::warning("cannot write to the terminal: " + said.error().message);
}

// False: nobody can be asked any more.
bool ask(Terminal const& terminal, UniqueFd const& peer, AskMessage const& message) {
  say(terminal, prompt_text(message));
  std::string line;
  Waited waited = drop_type_ahead(terminal, peer);
  if (waited == Waited::time) waited = read_line(terminal, peer, Clock::now() + kAnswerTime, line);
  std::optional<std::string> const target = waited == Waited::input ? chosen_target(message, line) : std::nullopt;
  if (waited == Waited::peer_left) {
    say(terminal, "\nThe call was given up; no answer is needed.\n");
    return true;
  }
  say(terminal, waited == Waited::time ? "\nNo answer in time: denied.\n" : target ? "Allowed: " + for_display(*target) + "\n" : std::string("Denied.\n"));
  std::string const answer = target ? "allow:" + *target : std::string("deny");
  if (auto const sent = write_all(peer, as_bytes(answer)); !sent) log::warning("the answer came too late: " + sent.error().message);
  return waited != Waited::input_ended;
}

bool serve_one(Terminal const& terminal, UniqueFd const& peer) {
  auto const text = read_message(peer);
  auto const message = text ? parse_prompt_message(*text) : Result<PromptMessage, std::string>(Failure{text.error().message});
  if (!message) {
    // GUARD (H06): what cannot be understood is not shown and gets no yes.
    log::warning("a question that cannot be used: " + for_display(message.error()));
    (void)write_all(peer, as_bytes("deny"));
    return true;
  }
  if (auto const* notice = std::get_if<NotifyMessage>(&*message)) {
    say(terminal, notice_text(*notice));
    return true;
  }
  return ask(terminal, peer, std::get<AskMessage>(*message));
}

Result<void> serve(Options const& options) {
  ::signal(SIGPIPE, SIG_IGN);
  BH_TRY(terminal, open_terminal(options));
  BH_TRY(listener, listen_unix(options.socket, 64, 0600));
  for (;;) {
    // While nobody asks, a terminal that goes away ends us, so that the next question is refused at once.
    pollfd polled[2] = {{listener.borrow(), POLLIN, 0}, {terminal.in.borrow(), 0, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) return Failure{Error::from_errno("wait for questions")};
    if (polled[0].revents == 0 && polled[1].revents != 0) break;
    if (polled[0].revents == 0) continue;
    auto peer = accept_unix(listener);
    if (peer && !serve_one(terminal, *peer)) break;
  }
  std::error_code ignored;
  std::filesystem::remove(options.socket, ignored);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  log::start("qrexec-policy-agent");
  auto const parsed = parse(argc, argv, Paths::from_environment());
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  auto const served = serve(std::get<Options>(parsed));
  if (served) return 0;
  log::error(for_display(served.error().message));
  return 1;
}
