// Names of volumes and of their revisions, checked: once such a value exists it can be part of a file's or a logical volume's name.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bh::volumes {

// QUBE/VOLUME, e.g. "work/private".
class VolumeId {
 public:
  // The qube: a letter, then letters, digits, '_', '.', '-', at most 31. The volume: at most 16 lower-case letters.
  static std::optional<VolumeId> make(std::string_view qube, std::string_view volume);
  static std::optional<VolumeId> parse(std::string_view text);
  [[nodiscard]] std::string const& qube() const { return qube_; }
  [[nodiscard]] std::string const& volume() const { return volume_; }
  [[nodiscard]] std::string text() const { return qube_ + "/" + volume_; }
  friend auto operator<=>(VolumeId const&, VolumeId const&) = default;

 private:
  VolumeId(std::string qube, std::string volume) : qube_(std::move(qube)), volume_(std::move(volume)) {}
  std::string qube_;
  std::string volume_;
};

// NUMBER-TIME, e.g. "12-20261122T161800Z": the number orders revisions, the time (of the commit that replaced it) is for people.
class RevisionId {
 public:
  static RevisionId make(std::uint32_t number, std::int64_t unix_time);
  static std::optional<RevisionId> parse(std::string_view text);
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] std::string const& text() const { return text_; }
  friend auto operator<=>(RevisionId const&, RevisionId const&) = default;

 private:
  RevisionId(std::uint32_t number, std::string text) : number_(number), text_(std::move(text)) {}
  std::uint32_t number_;
  std::string text_;
};

}  // namespace bh::volumes
