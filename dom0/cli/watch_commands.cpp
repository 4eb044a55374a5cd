// events and log: what happens, and what happened.
#include <cstdio>
#include <deque>
#include <limits>

#include "base/display_text.h"
#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"
#include "hypervisor/vchan/domain.h"

namespace bh::cli {

int follow_events(Session const& session, EventOptions const& options) {
  int left = options.count.value_or(std::numeric_limits<int>::max());
  Deadline const deadline = options.timeout ? Clock::now() + std::chrono::seconds(*options.timeout) : Deadline::max();
  auto const result = session.client.follow_events(options.qube, deadline, [&](admin::Event const& event) {
    if (session.json) {
      Record record{{"subject", event.subject}, {"event", event.name}};
      for (auto const& [key, value] : event.values) record.emplace_back(key, value);
      print_json(record);
    } else {
      std::string line = (event.subject.empty() ? "-" : event.subject) + " " + event.name;
      for (auto const& [key, value] : event.values) line += " " + key + "=" + value;
      std::puts(for_display(line, 4096).c_str());
    }
    std::fflush(stdout);
    return --left > 0 ? admin::Client::Next::more : admin::Client::Next::stop;
  });
  if (result) return kOk;
  // The end of the time that was asked for is no failure.
  if (options.timeout && result.error().type == admin::kTimeout) return kOk;
  return report(result.error());
}

int show_log(Session const& session, LogOptions const& options) {
  bool const daemon = options.qube == "bulkheadd";
  if (!daemon && !DomainName::parse(options.qube)) {
    print_error(options.qube + " is not a qube's name");
    return kUsage;
  }
  auto path = session.paths.log() / (daemon ? "bulkheadd.log" : options.qube + "-" + options.what + ".log");
  // A running qube's console is still in its run folder.
  auto const live = session.paths.qube_run(options.qube) / "console.log";
  std::error_code error;
  if (!daemon && options.what == "console" && std::filesystem::exists(live, error)) path = live;
  auto const text = read_file(path, 64U << 20U);
  if (!text) return report({"", "there is no such log: " + text.error().message});
  std::deque<std::string> last;
  for (auto& line : admin::parse_lines(*text)) {
    last.push_back(std::move(line));
    if (last.size() > static_cast<std::size_t>(options.lines)) last.pop_front();
  }
  // GUARD: a console log holds whatever the guest printed, escape sequences included.
  for (auto const& line : last) std::puts(for_terminal(line).c_str());
  return kOk;
}

}  // namespace bh::cli
