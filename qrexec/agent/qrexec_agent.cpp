// qrexec-agent: main() only wires.
#include "base/log.h"
#include "qrexec/agent/agent.h"

int main(int argc, char** argv) {
  bh::log::start("qrexec-agent");
  auto const parsed = bh::qrexec::parse_agent_options(argc, argv);
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  return bh::qrexec::run_agent(std::get<bh::qrexec::AgentOptions>(parsed));
}
