namespace GrainVault.Api.Files;

/// <summary>
/// The <c>Range</c> header for bytes (RFC 9110, section 14.1.2). A malformed header is ignored, as section 14.2 allows; so is
/// one with more than <see cref="RangeCountMax"/> ranges, the attack that section 17.15 warns of. Ranges that overlap or
/// touch are merged (section 15.3.7.2), so an answer never holds more bytes than the content.
/// </summary>
internal static class ByteRanges
{
    /// <summary>Most ranges in one request; more are answered with the whole content.</summary>
    public const int RangeCountMax = 100;

    /// <summary>Decides what to send.</summary>
    /// <param name="header">Value of the header; null without one.</param>
    /// <param name="contentSize">Size of the whole content in bytes.</param>
    /// <param name="ranges">The ranges to send when the decision is <see cref="RangeDecision.Partial"/>; empty otherwise.</param>
    public static RangeDecision Decide(string? header, long contentSize, out IReadOnlyList<ByteRange> ranges)
    {
        ranges = [];
        const string Unit = "bytes=";
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
            return RangeDecision.Whole;

        var found = new List<ByteRange>();
        var count = 0;
        var wholeOfNothing = false;
        foreach (var element in header.AsSpan(Unit.Length).Split(','))
        {
            // A list may have empty elements (RFC 9110, section 5.6.1.2); they count, so that they are bounded too.
            if (++count > RangeCountMax)
                return RangeDecision.Whole;
            var text = header.AsSpan(Unit.Length)[element].Trim([' ', '\t']);
            if (text.IsEmpty)
                continue;
            if (!TryParse(text, out var first, out var last))
                return RangeDecision.Whole;
            wholeOfNothing |= contentSize == 0 && first is null && last > 0;
            if (Resolve(first, last, contentSize) is { } range)
                found.Add(range);
        }

        // A suffix of empty content is satisfiable, but has no Content-Range to express it.
        if (wholeOfNothing || count == 0)
            return RangeDecision.Whole;
        if (found.Count == 0)
            return HasRange(header.AsSpan(Unit.Length)) ? RangeDecision.Unsatisfiable : RangeDecision.Whole;
        ranges = Merge(found);
        return RangeDecision.Partial;
    }

    private static bool HasRange(ReadOnlySpan<char> list) => list.ContainsAnyExcept(" \t,");

    private static bool TryParse(ReadOnlySpan<char> text, out long? first, out long? last)
    {
        first = last = null;
        var dash = text.IndexOf('-');
        if (dash < 0)
            return false;
        return TryPosition(text[..dash], out first)
            && TryPosition(text[(dash + 1)..], out last)
            && (first is not null || last is not null)
            && (first is null || last is null || first <= last);
    }

    // 1*DIGIT of any length; what exceeds 63 bits lies beyond the end of anything.
    private static bool TryPosition(ReadOnlySpan<char> digits, out long? position)
    {
        position = null;
        if (digits.IsEmpty)
            return true;
        if (digits.ContainsAnyExceptInRange('0', '9'))
            return false;
        position = long.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? value
            : long.MaxValue;
        return true;
    }

    private static ByteRange? Resolve(long? first, long? last, long contentSize)
    {
        if (first is { } start)
        {
            if (start >= contentSize)
                return null;
            var end = Math.Min(last ?? long.MaxValue, contentSize - 1);
            return new ByteRange(start, end - start + 1);
        }

        var length = Math.Min(last!.Value, contentSize);
        return length == 0 ? null : new ByteRange(contentSize - length, length);
    }

    // The order of the request is kept unless ranges overlap or touch.
    private static List<ByteRange> Merge(List<ByteRange> ranges)
    {
        if (ranges.Count == 1)
            return ranges;
        var sorted = ranges.OrderBy(range => range.Offset).ToList();
        var merged = new List<ByteRange> { sorted[0] };
        foreach (var range in sorted.Skip(1))
        {
            var before = merged[^1];
            if (range.Offset <= before.End)
                merged[^1] = before with { Length = Math.Max(before.End, range.End) - before.Offset };
            else
                merged.Add(range);
        }

        return merged.Count == ranges.Count ? ranges : merged;
    }
}
