// Labels for text that came from elsewhere.
#pragma once

#include <QString>
#include <string>

class QLabel;
class QWidget;

namespace bh::tray {

[[nodiscard]] QString qt(std::string const& text);
// GUARD: names, states and reasons come through the daemon from elsewhere; they are shown as they are, never read as
// markup.
[[nodiscard]] QLabel* plain_label(char const* object_name, QWidget* parent);
// Said, but not shouted.
void quieten(QLabel* label);

}  // namespace bh::tray
