package tickets

// SubjectKey is the form under which subjects are alike: without reply and forward
// marks, tags and case. The database indexes tickets under it.
func SubjectKey(subject string) string { return subjectKey(subject) }
