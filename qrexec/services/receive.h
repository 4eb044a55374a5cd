// The receiver of qubes.Filecopy: a stream from another qube into a folder, one answer at the end.
#pragma once

#include "qrexec/services/incoming_folder.h"

namespace bh::qfile {

// Reads to the end marker or the first error; the result to be sent and the receiver's exit code come from the return value.
TransferResult receive_stream(UniqueFd const& input, IncomingFolder& folder, DecoderLimits limits);

}  // namespace bh::qfile
