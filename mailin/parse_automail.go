package mailin

import "postern/tickets"

// maxJudged is how many text parts are handed to the judge of bounces and reports.
const maxJudged = 20

// automatic says what sort of mail it is, and whether it may be answered.
func (r *reader) automatic() { r.m.Kind, r.m.MayAnswer = tickets.KindHuman, true }
