// SnapshotBuilder: makes the snapshots that qubes start from. One at a time, in a machine that no list of qubes shows, at low priority, and
// never while a qube is starting or memory is short. What goes wrong is said and not tried again by itself.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "dom0/core/life/running_qube.h"
#include "dom0/core/life/snapshot_preparation.h"

namespace bh::dom0 {

class SnapshotBuilder {
 public:
  using Done = LifeCycle::Done;
  // `quiet`: no qube is starting or stopping. It is asked again whenever the registry tells of an event.
  SnapshotBuilder(HouseServices house, std::function<bool()> quiet);

  // For qubes like this one, when there is time, unless there is one that is not a day old.
  void want(std::string const& qube);
  // When a template has become another, what its qubes start from is made anew.
  void template_found(volumes::TemplateImage const& image);
  // As soon as possible and in any case; answers when it is made, or why not.
  void build(std::string const& qube, Done done);
  // What a daemon that was killed left of its preparations. Before the first want().
  void clear_away();
  // Ends at once; a preparation under way is lost.
  void stop();

 private:
  struct Request {
    std::string qube;
    bool now;
    Done done;
  };
  using Made = Result<void, admin::Exception>;
  asio::awaitable<void> work();
  asio::awaitable<Made> make(Request const& request);
  asio::awaitable<Made> prepare(SnapshotWish wish, std::string key, Qube like);
  HouseServices house_;
  std::function<bool()> quiet_;
  Signal changed_;
  std::deque<Request> requests_;
  std::map<std::string, std::string> failed_;  // by key, why
  std::map<std::string, std::string> templates_;  // what each one's hash was when it was last seen
  std::shared_ptr<SnapshotPreparation> preparation_;
  Registry::Subscription events_;
  bool stopped_ = false;
};

}  // namespace bh::dom0
