#include "dom0/core/life/child_plan.h"

#include "dom0/core/life/warm_plan.h"
#include "dom0/core/model/property.h"
#include "dom0/core/model/qube_network.h"

namespace bh::dom0 {

namespace {

std::vector<std::pair<std::string, std::optional<std::string>>> channel_environment(Paths const& paths) {
  return {{"VCHAN_DOMAIN", "0"}, {"VCHAN_SOCKET_DIR", paths.vchan_sockets().string()}};
}

ChildPlan qrexec_daemon(ChildFacts const& facts, Paths const& paths, std::filesystem::path const& programs) {
  ChildPlan plan{"qrexec-daemon",
                 {(programs / "qrexec-daemon").string(), "--direct", "--uuid=" + facts.qube.uuid.text(), "--socket-dir=" + paths.qrexec_sockets().string(),
                  "--policy-program=" + (programs / "qrexec-policy-exec").string(), std::to_string(facts.domain.value()), facts.qube.name.text(),
                  value_of(facts.inventory, facts.qube, "default_user")},
                 channel_environment(paths)};
  // bulkheadd keeps the deadline of a start itself; a daemon that gave up earlier would only be started again.
  plan.environment.emplace_back("QREXEC_STARTUP_TIMEOUT", "86400");
  return plan;
}

ChildPlan gui_daemon(ChildFacts const& facts, Paths const& paths, std::filesystem::path const& programs) {
  Label const* const label = facts.inventory.find_label(facts.qube.label.text());
  ChildPlan plan{"gui-daemon",
                 {(programs / "bulkhead-gui-daemon").string(), "--domain", std::to_string(facts.domain.value()), "--name", facts.qube.name.text(), "--label",
                  facts.qube.label.text(), "--color", label == nullptr ? "0x000000" : label->color, "--window-memory-fd", std::to_string(kWindowMemoryFd)},
                 channel_environment(paths), true};
  if (facts.hatched) plan.argv.emplace_back("--hatched");
  return plan;
}

}  // namespace

ChildPlan plan_hub(std::filesystem::path const& run, DomainId domain, Paths const& paths, std::filesystem::path const& programs) {
  return {"hub",
          {(programs / "bulkhead-hub").string(), "host", "--port-socket", (run / "mux.sock").string(), "--domain", std::to_string(domain.value()),
           "--vchan-dir", paths.vchan_sockets().string(), "--guest-env", (run / "guest.env").string()},
          channel_environment(paths)};
}

std::vector<ChildPlan> plan_children(ChildFacts const& facts, Paths const& paths, std::filesystem::path const& programs) {
  std::vector<ChildPlan> plans{plan_hub(paths.qube_run(facts.qube.name.text()), facts.domain, paths, programs), qrexec_daemon(facts, paths, programs)};
  if (facts.with_display) plans.push_back(gui_daemon(facts, paths, programs));
  return plans;
}

std::string guest_environment(ChildFacts const& facts, std::int64_t now) {
  auto const value = [&](char const* property) { return value_of(facts.inventory, facts.qube, property); };
  // The values are a checked name, a class, numbers, and properties that property_check.cpp keeps within the allowed characters.
  std::string const domain = std::to_string(facts.domain.value());
  // Programs of a clone run already and go on calling their qube by the alias.
  std::string const numbers = facts.clone ? "QUBE_DOMAIN=" + domain + "\nVCHAN_DOMAIN=" + std::to_string(kAliasDomain) + "\n" : "VCHAN_DOMAIN=" + domain + "\n";
  std::string network;
  for (auto const& [key, fact] : network::guest_facts(network_of(facts.inventory, facts.qube))) network += key + "=" + fact + "\n";
  return "QUBE_NAME=" + facts.qube.name.text() + "\nQUBE_TYPE=" + std::string(to_string(facts.qube.klass)) + "\n" + numbers + "VCHAN_SOCKET_DIR=/run/bulkhead/vchan\nDEFAULT_USER=" + value("default_user") +
         "\nKEYBOARD_LAYOUT=" + value("keyboard_layout") + "\nGUI_TRANSPORT=window-memory\nTIME=" + std::to_string(now) + "\n" + network;
}

ChildPlan plan_personaliser(std::string const& qube, DomainId domain, std::chrono::seconds limit, Paths const& paths, std::filesystem::path const& programs) {
  return {"personalise",
          {(programs / "bulkhead-personalise").string(), "host", "--domain", std::to_string(domain.value()), "--vchan-dir", paths.vchan_sockets().string(),
           "--facts-file", (paths.qube_run(qube) / "guest.env").string(), "--timeout", std::to_string(limit.count())},
          channel_environment(paths)};
}

ChildPlan plan_resize_disk(std::string const& qube, std::string const& volume, Paths const& paths, std::filesystem::path const& programs) {
  return {"resize-disk",
          {(programs / "qrexec-client").string(), "--socket-dir=" + paths.qrexec_sockets().string(), "-d", qube, "root:QUBESRPC qubes.ResizeDisk+" + volume + " dom0"},
          channel_environment(paths)};
}

ChildPlan plan_poweroff(std::string const& qube, Paths const& paths, std::filesystem::path const& programs) {
  // -e: nothing is read from the qube and nobody waits for the command's end, which the power-off would cut anyway.
  return {"poweroff",
          {(programs / "qrexec-client").string(), "--socket-dir=" + paths.qrexec_sockets().string(), "-e", "-d", qube, "root:nogui:systemctl poweroff"},
          channel_environment(paths)};
}

}  // namespace bh::dom0
