namespace Orleans.Runtime;

/// <summary>Values that flow with a call and with the calls it makes, but never back.</summary>
public static class RequestContext
{
    private static readonly AsyncLocal<Dictionary<string, object>?> Values = new();

    /// <summary>The values; never changed in place, since it may be on its way with a call.</summary>
    internal static Dictionary<string, object>? Current
    {
        get => Values.Value;
        set => Values.Value = value;
    }

    /// <summary>The names of the values.</summary>
    public static IEnumerable<string> Keys => Values.Value?.Keys ?? Enumerable.Empty<string>();

    /// <summary>The values with their names.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Entries => Values.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

    /// <summary>Finds a value.</summary>
    /// <param name="key">Its name.</param>
    /// <returns>The value, or null.</returns>
    public static object? Get(string key) => Values.Value?.GetValueOrDefault(key);

    /// <summary>Sets a value.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="value">A value of a type that may cross a call.</param>
    public static void Set(string key, object value)
    {
        var current = Values.Value;
        Values.Value = current is null
            ? new Dictionary<string, object> { [key] = value }
            : new Dictionary<string, object>(current) { [key] = value };
    }

    /// <summary>Removes a value.</summary>
    /// <param name="key">Its name.</param>
    /// <returns>Whether it was there.</returns>
    public static bool Remove(string key)
    {
        var current = Values.Value;
        if (current is null || !current.ContainsKey(key))
            return false;
        var rest = new Dictionary<string, object>(current);
        rest.Remove(key);
        Values.Value = rest.Count == 0 ? null : rest;
        return true;
    }

    /// <summary>Removes all values.</summary>
    public static void Clear() => Values.Value = null;
}
