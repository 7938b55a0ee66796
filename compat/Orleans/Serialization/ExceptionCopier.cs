using System.Collections;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>
/// Copies an exception for one caller: same type, message, stack trace and cause, so that two callers that get the same
/// failure share nothing that either could change.
/// </summary>
internal static class ExceptionCopier
{
    internal static Exception Copy(Exception source)
    {
        var copy = (Exception)MemberwiseClone(source);
        Data(copy) = null;
        foreach (DictionaryEntry entry in source.Data)
            copy.Data[entry.Key] = entry.Value;
        return copy;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = nameof(MemberwiseClone))]
    private static extern object MemberwiseClone(object target);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_data")]
    private static extern ref IDictionary? Data(Exception target);
}
