// Bounds of the fields, judged on the plain structs after parsing.
// Room: serialization. The last checks of the decoder gate; knows no bytes.
// Caller: codec.cpp only. Source: the comments of murmuration.capnp.
#pragma once
#include "serialization/codec.hpp"

namespace murm {

/// Each throws Refused, caught at the gate, when a field is outside its bounds. The lengths of
/// lists have been judged before they were read.
void judge_envelope(const Envelope& envelope, bool may_precede_run,
                    const Expectations& expectations);
void judge_control(const ControlBody& body);
void judge_bulk(const Routed& routed, const ChunkInfo& info, const Expectations& expectations);

}  // namespace murm
