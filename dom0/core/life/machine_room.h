// MachineRoom: all running qubes; the LifeCycle that the Admin API calls. Checks what a start needs before anything is begun.
#pragma once

#include <map>
#include <memory>

#include "dom0/core/life/running_qube.h"

namespace bh::dom0 {

class MachineRoom final : public LifeCycle {
 public:
  explicit MachineRoom(HouseServices house) : house_(std::move(house)) {}

  [[nodiscard]] RunInfo info(std::string_view qube) const override;
  void start(std::string const& qube, Done done) override;
  void shutdown(std::string const& qube, ShutdownRequest request, Done done) override;
  void kill(std::string const& qube, Done done) override;
  void pause(std::string const& qube, Done done) override;
  void unpause(std::string const& qube, Done done) override;

  // Takes over the qubes an earlier bulkheadd left running, and clears away what is left of those that ended meanwhile.
  void adopt_all();
  void start_autostarted();
  // Shuts all down, kills what does not listen, then calls `done`.
  void stop_all(std::function<void()> done);

 private:
  Result<volumes::TemplateImage, admin::Exception> check_start(std::string const& qube) const;
  std::shared_ptr<RunningQube> find(std::string_view qube) const;
  std::shared_ptr<RunningQube> enter(std::string const& qube);
  void adopt_one(std::string const& qube);
  HouseServices house_;
  std::map<std::string, std::shared_ptr<RunningQube>, std::less<>> running_;
};

}  // namespace bh::dom0
