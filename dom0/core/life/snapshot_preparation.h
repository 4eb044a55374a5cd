// SnapshotPreparation: one machine booted to be saved, from its start until nothing of it is left. It has a hub and nothing else: no
// qube of that name exists, and no other helper ever speaks with it.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>

#include "dom0/core/life/running_qube.h"

namespace bh::dom0 {

class SnapshotPreparation : public std::enable_shared_from_this<SnapshotPreparation> {
 public:
  SnapshotPreparation(HouseServices const& house, machine::MachineSpec shape, Qube like, WarmWish wish);
  ~SnapshotPreparation();
  SnapshotPreparation(SnapshotPreparation const&) = delete;
  SnapshotPreparation& operator=(SnapshotPreparation const&) = delete;

  // Boots, waits for the sign that it is ready, saves it, ends it.
  asio::awaitable<Result<void>> run(machine::SnapshotTarget target);
  // Kills at once what is there.
  void abort();

 private:
  asio::awaitable<Result<void>> boot_and_save(machine::SnapshotTarget const& target);
  asio::awaitable<Result<void>> wait_until_prepared();
  asio::awaitable<void> end();
  asio::awaitable<void> watch();
  Result<void> make_folder();
  Result<void> launch();
  void take(machine::MachineEvent const& event);
  void clear_away();
  [[nodiscard]] std::filesystem::path folder() const { return house_.paths.run() / "snapshots" / uuid_; }
  [[nodiscard]] std::string complaint() const;
  HouseServices const& house_;
  machine::MachineSpec spec_;
  Qube like_;
  WarmWish wish_;
  std::string uuid_;
  DomainId domain_;
  std::unique_ptr<machine::Machine> machine_;
  std::optional<ChildProcess> hub_;
  std::optional<std::string> ended_;
  std::optional<std::string> refused_;
  bool saved_ = false;
  bool cleared_ = false;  // from here on nothing of the house is touched: it may be gone before the last coroutine is
  Signal changed_;
};

}  // namespace bh::dom0
