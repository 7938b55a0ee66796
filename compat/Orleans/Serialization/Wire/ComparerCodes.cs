namespace Orleans.Serialization.Wire;

/// <summary>How a set or a map tells its keys apart.</summary>
internal enum ComparerCode
{
    Default = 0,
    Ordinal = 1,
    OrdinalIgnoreCase = 2,
}

/// <summary>The comparers that a set or a map may take with it.</summary>
internal static class ComparerCodes
{
    /// <summary>The code of a comparer.</summary>
    /// <exception cref="SerializerException">It has none, so that what it compares would be another set at the reader.</exception>
    internal static ComparerCode Of<T>(IEqualityComparer<T> comparer) =>
        comparer == EqualityComparer<T>.Default ? ComparerCode.Default : OfText(comparer);

    /// <inheritdoc cref="Of{T}(IEqualityComparer{T})"/>
    internal static ComparerCode Of<T>(IComparer<T> comparer) => comparer == Comparer<T>.Default ? ComparerCode.Default : OfText(comparer);

    internal static IEqualityComparer<T>? Equality<T>(ComparerCode code) => (IEqualityComparer<T>?)Text(code);

    internal static IComparer<T>? Order<T>(ComparerCode code) => (IComparer<T>?)Text(code);

    private static ComparerCode OfText(object comparer) => comparer == StringComparer.Ordinal ? ComparerCode.Ordinal
        : comparer == StringComparer.OrdinalIgnoreCase ? ComparerCode.OrdinalIgnoreCase
        : throw new SerializerException($"A collection that compares by {comparer.GetType().FullName} can't cross a call.");

    private static object? Text(ComparerCode code) => code switch
    {
        ComparerCode.Ordinal => StringComparer.Ordinal,
        ComparerCode.OrdinalIgnoreCase => StringComparer.OrdinalIgnoreCase,
        _ => null,
    };
}
