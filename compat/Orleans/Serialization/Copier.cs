namespace Orleans.Serialization;

/// <summary>
/// Copies the values of one declared type, so that caller and callee share nothing that either could change. An object that
/// is reachable twice becomes two objects; a cycle ends in an <see cref="InsufficientExecutionStackException"/>.
/// </summary>
/// <typeparam name="T">The declared type.</typeparam>
internal static class Copier<T>
{
    private static readonly bool AlwaysShared = Shareable.AlwaysIs(typeof(T));
    private static readonly bool IsExact = typeof(T).IsValueType || typeof(T).IsSealed;
    private static Func<T, T>? _exact;

    /// <summary>Copies a value.</summary>
    /// <exception cref="CodecNotFoundException">The value's type may not cross a call.</exception>
    internal static T Copy(T value)
    {
        if (AlwaysShared || value is null)
            return value;
        if (IsExact || value.GetType() == typeof(T))
            return (_exact ??= CopierFactory.Create<T>())(value);
        return (T)ObjectCopier.Copy(value);
    }
}
