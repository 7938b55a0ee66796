using GrainVault.Cluster.Tests.Faults;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GrainVault.Cluster.Tests.Soak;

/// <summary>A test that only <c>./eng/test --soak</c> has: it needs minutes, and more than this commit.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("GrainVault.Cluster.Tests.Soak.SoakFactDiscoverer", "GrainVault.Cluster.Tests")]
internal sealed class SoakFactAttribute : FactAttribute;

/// <summary>Finds the tests of a soak where there is one, and none elsewhere: what does not run is not counted, as skipped or otherwise.</summary>
public sealed class SoakFactDiscoverer(IMessageSink messages) : FactDiscoverer(messages)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        FaultLength.IsSoak ? base.Discover(discoveryOptions, testMethod, factAttribute) : [];
}
