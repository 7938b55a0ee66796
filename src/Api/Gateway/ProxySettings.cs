using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GrainVault.Api.Gateway;

/// <summary>Reverse proxies and load balancers before this front end; section <c>GrainVault:Proxies</c>.</summary>
internal sealed class ProxySettings : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Proxies";

    /// <summary>
    /// Networks such as <c>10.0.0.0/8</c>, or single addresses, whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are
    /// believed; everyone else could write there what he likes. Default: none.
    /// </summary>
    public List<string> Known { get; set => field = Lists.Given(value); } = [];

    /// <summary>Most proxies in a row that are believed. Default: 4.</summary>
    [Range(1, 32)]
    public int HopCountMax { get; set; } = 4;

    /// <summary>The networks of <see cref="Known"/>.</summary>
    public IEnumerable<IPNetwork> Networks() => Known.Select(text => NetworkOf(text)!.Value);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Known.TrueForAll(text => NetworkOf(text) is not null))
            yield return new ValidationResult("networks such as 10.0.0.0/8 or fd00::/8, or addresses", [nameof(Known)]);
    }

    private static IPNetwork? NetworkOf(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
            return network;
        return IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
    }
}
