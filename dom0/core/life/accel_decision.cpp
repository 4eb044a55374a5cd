#include "dom0/core/life/accel_decision.h"

#include <asio/post.hpp>

#include "base/display_text.h"
#include "base/log.h"

namespace bh::dom0 {

namespace {

FeatureValue displayed(std::string_view text) { return *FeatureValue::parse(for_display(text, 500)); }

}  // namespace

void AccelDecision::ask(volumes::TemplateImage const& image, std::function<void(machine::Accel)> callback) {
  std::string const key = image.name + " " + image.hash;
  Entry& entry = entries_[key];
  if (entry.accel) return callback(*entry.accel);
  entry.waiting.push_back(std::move(callback));
  if (entry.waiting.size() > 1) return;
  asio::post(worker_, [this, key, image] {
    auto answer = probe_(image);
    // Without an answer the safe assumption is the slow one that always works.
    if (!answer) answer = qemu::AccelAnswer{machine::Accel::tcg, "the probe could not run: " + answer.error().message};
    asio::post(io_, [this, key, found = *answer] { answered(key, found); });
  });
}

void AccelDecision::when_known(std::function<void()> callback) {
  for (auto& [kernel, entry] : entries_) {
    if (entry.accel) continue;
    // There may be more than one question open: look again after this one.
    entry.waiting.push_back([this, callback = std::move(callback)](machine::Accel) { when_known(callback); });
    return;
  }
  callback();
}

void AccelDecision::answered(std::string const& kernel, qemu::AccelAnswer const& answer) {
  log::info(std::string("machines run under ") + machine::to_string(answer.accel) + ": " + answer.reason);
  if (answer.accel == machine::Accel::tcg) log::warning("TCG promises no isolation between qubes; frames are hatched to say so");
  Qube dom0 = registry_.inventory().dom0();
  dom0.features.insert_or_assign(*FeatureName::parse("bulkhead.accel"), displayed(machine::to_string(answer.accel)));
  dom0.features.insert_or_assign(*FeatureName::parse("bulkhead.accel-reason"), displayed(answer.reason));
  if (auto const put = registry_.put(std::move(dom0)); !put) log::error(put.error().message);
  for (auto const& [feature, value] : {std::pair<std::string, std::string>{"bulkhead.accel-reason", answer.reason}, {"bulkhead.accel", machine::to_string(answer.accel)}}) {
    registry_.tell({"dom0", "domain-feature-set:" + feature, {{"feature", feature}, {"value", displayed(value).text()}}});
  }
  Entry& entry = entries_[kernel];
  entry.accel = answer.accel;
  auto const waiting = std::move(entry.waiting);
  entry.waiting.clear();
  for (auto const& callback : waiting) callback(answer.accel);
}

}  // namespace bh::dom0
