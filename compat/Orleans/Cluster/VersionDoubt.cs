namespace Orleans.Cluster;

/// <summary>
/// Decides when a membership table is believed that says less than was read before: its database was restored, or failed over to
/// a replica that lagged. One such answer may come from a server that is about to be replaced; several in a row, over the time
/// of a refresh at least, are the table as it is. A silo that never believed it would see no change any more until the version
/// had passed the lost one.
/// </summary>
/// <param name="patience">How long the table must have said less.</param>
/// <param name="time">The clock.</param>
internal sealed class VersionDoubt(TimeSpan patience, TimeProvider time)
{
    /// <summary>So many answers in a row must say less.</summary>
    internal const int AnswerCountMin = 3;

    private int _answerCount;
    private long _firstAt;

    /// <summary>Whether there was just one such answer.</summary>
    internal bool IsNew => _answerCount == 1;

    /// <summary>The table said less, asked after more was known.</summary>
    /// <returns>Whether to believe it now.</returns>
    internal bool Add()
    {
        if (_answerCount++ == 0)
            _firstAt = time.GetTimestamp();
        return _answerCount >= AnswerCountMin && time.GetElapsedTime(_firstAt) >= patience;
    }

    /// <summary>The table has what was known, or more.</summary>
    internal void Clear() => _answerCount = 0;
}
