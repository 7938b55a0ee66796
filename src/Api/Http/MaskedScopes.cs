namespace GrainVault.Api.Http;

/// <summary>
/// Scopes of log lines as the framework makes them, but for the paths of requests in them: those stand in every line that is written
/// during a request, and the path of a link is the right to it.
/// </summary>
/// <param name="inner">Keeps the scopes, and adds its own.</param>
internal sealed class MaskedScopes(IExternalScopeProvider inner) : IExternalScopeProvider
{
    private const string PathName = "RequestPath";

    /// <inheritdoc />
    public void ForEachScope<TState>(Action<object?, TState> callback, TState state) => inner.ForEachScope(callback, state);

    /// <inheritdoc />
    public IDisposable Push(object? state) => inner.Push(Masked(state));

    private static object? Masked(object? state)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> values)
            return state;
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] is { Key: PathName, Value: { } path } && path.ToString() is { } text && SecretPaths.Mask(text) is var masked && masked != text)
                return new MaskedScope(values.Select(value => value.Key == PathName ? KeyValuePair.Create(PathName, (object?)masked) : value));
        }

        return state;
    }

    private sealed class MaskedScope(IEnumerable<KeyValuePair<string, object?>> values) : List<KeyValuePair<string, object?>>(values)
    {
        /// <inheritdoc />
        public override string ToString() => string.Join(' ', this.Select(value => $"{value.Key}:{value.Value}"));
    }
}
