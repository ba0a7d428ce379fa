package prompt

// SampleInput is for tests.
var SampleInput = sampleInput
