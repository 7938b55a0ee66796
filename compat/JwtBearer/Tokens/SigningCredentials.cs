namespace Microsoft.IdentityModel.Tokens;

/// <summary>A key together with the algorithm it signs with.</summary>
public class SigningCredentials
{
    /// <summary>Pairs key and algorithm; whether they fit is checked when a token is made.</summary>
    /// <param name="key">The key.</param>
    /// <param name="algorithm">One of <see cref="SecurityAlgorithms"/>.</param>
    /// <exception cref="ArgumentNullException">An argument is null or empty.</exception>
    public SigningCredentials(SecurityKey key, string algorithm)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (string.IsNullOrEmpty(algorithm))
            throw new ArgumentNullException(nameof(algorithm));
        Key = key;
        Algorithm = algorithm;
    }

    /// <summary>Value of the header <c>alg</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The key.</summary>
    public SecurityKey Key { get; }

    /// <summary>Value of the header <c>kid</c>; null: none is written.</summary>
    public string? Kid => Key.KeyId;
}
