using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Auth;

/// <summary>The keys in use: one signs, all verify. Replaced as a whole while requests run.</summary>
internal sealed class SigningKeyRing
{
    private volatile State _state = new([], 0);

    /// <summary>The key that signs.</summary>
    public SigningKey Active => _state.Keys is [var first, ..] ? first : throw new InvalidOperationException("No signing key is loaded.");

    /// <summary>Grows with each replacement; what was verified under an older number is verified again.</summary>
    public int Generation => _state.Generation;

    /// <summary>Takes other keys; the first one signs. The same keys again change nothing.</summary>
    public void Replace(IReadOnlyList<SigningKey> keys)
    {
        if (keys.Count == 0)
            throw new ArgumentException("A ring needs a key.", nameof(keys));
        if (!keys.SequenceEqual(_state.Keys))
            _state = new State([.. keys], _state.Generation + 1);
    }

    /// <summary>The key of a token by its <c>kid</c>; none for an unknown or missing one.</summary>
    public IEnumerable<SecurityKey> Find(string? kid)
    {
        foreach (var key in _state.Keys)
        {
            if (string.Equals(key.Kid, kid, StringComparison.Ordinal))
                return [key.Credentials.Key];
        }

        return [];
    }

    private sealed record State(SigningKey[] Keys, int Generation);
}
